// Tests that follow one another: after one failed, those that build on it are skipped, not failed for its sake.
import { test } from 'node:test'

/** A `test` for the steps of one story. */
export function steps() {
  let failed
  return (name, act) =>
    test(name, async (context) => {
      if (failed) return context.skip(`after "${failed}" failed`)
      try {
        await act()
      } catch (error) {
        failed = name
        throw error
      }
    })
}
