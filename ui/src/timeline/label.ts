// What a row says in words.

/** A service's name, short enough to stand in each row. */
export function shortService(name: string): string {
  const s = name.replace(/[-_.]?(service|svc)$/i, '') || name
  return s.length > 16 ? s.slice(0, 15) + '…' : s
}

const counts = new Intl.NumberFormat('en') // made once: that is most of its cost

/** 1 234, with a narrow space that does not break: a comma is a decimal point to half of the world. */
export const formatCount = (n: number): string => counts.format(n).replace(/,/g, '\u202f')

/** 77 %, or less than 1 % */
export const percent = (share: number): string => (share > 0 && share < 0.01 ? 'less than 1 %' : `${Math.round(share * 100)} %`)

export const plural = (n: number, one: string, more = one + 's'): string => `${formatCount(n)} ${n === 1 ? one : more}`
