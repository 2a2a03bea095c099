import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The page of a shared file: one script and one style sheet, which the server puts into it.
export default defineConfig({
  plugins: [react()],
  publicDir: false,
  build: {
    outDir: 'dist/shared',
    target: 'es2023',
    cssCodeSplit: false,
    rollupOptions: { input: 'src/shared.tsx', output: { format: 'iife', entryFileNames: 'shared.js', assetFileNames: 'shared[extname]' } },
  },
})
