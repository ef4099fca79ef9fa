// rate-limit.ts — A limit as Express middleware, counted for all instances of the application together.

import type { Request, RequestHandler } from 'express'
import { type Grid, LatchkeyError, type Verdict } from 'latchkey/client'

export interface RateLimitOptions {
  readonly limit: number
  /** Milliseconds. */
  readonly window: number
  /** Whose requests are counted together. */
  caller(request: Request): string
}

export function rateLimit(grid: Grid, options: RateLimitOptions): RequestHandler {
  const { limit, window, caller } = options
  return async (request, response, next) => {
    let verdict: Verdict
    try {
      const limiter = grid.rateLimiter(`rate:${caller(request)}`)
      verdict = await limiter.window({ limit, window, sliding: true })
    } catch (error) {
      // Without the server nobody can count. To serve all the same is a choice: a limit protects the
      // application, so its absence for a while is the lesser evil. Call `next(error)` to refuse.
      if (error instanceof LatchkeyError && error.code === 'CONNECTION') return next()
      throw error
    }
    response.set({
      'RateLimit-Policy': `${limit};w=${Math.ceil(window / 1000)}`,
      'RateLimit-Limit': String(verdict.limit),
      'RateLimit-Remaining': String(verdict.remaining),
      'RateLimit-Reset': String(verdict.resetAfter),
    })
    if (verdict.allowed) return next()
    // Zero would invite to ask again at once.
    response.set('Retry-After', String(Math.max(1, verdict.retryAfter ?? verdict.resetAfter)))
    response.status(429).json({ error: 'too many requests' })
  }
}
