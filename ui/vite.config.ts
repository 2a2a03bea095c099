import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// In development (`npm run dev`) an everspan on its usual port answers the API.
export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', assetsDir: 'assets', target: 'es2023', modulePreload: { polyfill: false }, reportCompressedSize: true },
  worker: { format: 'es' },
  server: { proxy: { '/api': 'http://127.0.0.1:16686' } },
})
