// number-format.ts — Numbers as C prints and converts them.

/** With at most `precision` digits, in exponent form where the number is very large or very small. */
export function formatGeneral(value: number, precision: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (Object.is(value, -0)) return '-0'
  if (Number.isInteger(value) && Math.abs(value) < 10 ** precision) return String(value)
  const [mantissa, exponentText] = rounded(value, precision).split('e') as [string, string]
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= precision) {
    const sign = exponent < 0 ? '-' : '+'
    return `${trimmed(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  return trimmed(positional(mantissa, exponent))
}

/** In exponent form with so many digits. JavaScript rounds ties up, C to the even digit. */
function rounded(value: number, precision: number): string {
  const [longer] = value.toExponential(precision).split('e') as [string]
  if (!longer.endsWith('5')) return value.toExponential(precision - 1)
  const exact = value.toExponential(DIGITS_MAX)
  const [digits, exponent] = exact.split('e') as [string, string]
  const kept = digits.slice(0, longer.length - 1)
  const isTie = /^50*$/.test(digits.slice(longer.length - 1))
  const isEven = Number(kept.at(-1) === '.' ? kept.at(-2) : kept.at(-1)) % 2 === 0
  if (!isTie || !isEven) return value.toExponential(precision - 1)
  return `${kept.endsWith('.') ? kept.slice(0, -1) : kept}e${exponent}`
}

/** As many digits as JavaScript gives; a double that is a tie has fewer. */
const DIGITS_MAX = 100

function positional(mantissa: string, exponent: number): string {
  const negative = mantissa.startsWith('-')
  const digits = mantissa.replace(/[-.]/g, '')
  const text =
    exponent < 0
      ? `0.${'0'.repeat(-exponent - 1)}${digits}`
      : `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
  return negative ? `-${text}` : text
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0*$/, '') : text
}

/** 64 bits of a number, as the machine converts it: 0 above what fits, the least integer below. */
export function toBits64(value: number): bigint {
  if (value >= 2 ** 64) return 0n
  const isTooSmall = Number.isNaN(value) || value < -(2 ** 63)
  return BigInt.asUintN(64, BigInt(isTooSmall ? -(2 ** 63) : Math.trunc(value)))
}
