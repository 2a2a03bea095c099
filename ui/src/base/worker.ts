// The page is served with Trusted Types: whatever runs as a script comes through this
// policy, which lets only the page's own files pass.

type Policy = { createScriptURL(url: string): unknown }
type Factory = { createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy }

const rules = {
  createScriptURL(url: string): string {
    const to = new URL(url, window.location.href)
    if (to.origin !== window.location.origin || !to.pathname.startsWith('/assets/')) {
      if (!import.meta.env.DEV) throw new TypeError(`not a script of this page: ${url}`)
    }
    return to.href
  },
}

const factory = (window as { trustedTypes?: Factory }).trustedTypes
const policy: Policy = factory ? factory.createPolicy('everspan', rules) : rules

/** Starts a worker; the address is that of an import that ends in ?worker&url. */
export function startWorker(url: string): Worker {
  return new Worker(policy.createScriptURL(url) as string, { type: 'module' })
}
