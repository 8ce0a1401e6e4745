// Using a page without a mouse.
import assert from 'node:assert/strict'

const MOST_STOPS = 40

/**
 * Presses Tab until `target` has the focus; every stop on the way must be seen to have it. Answers what it passed, `most` stops at most:
 * a list has as many as it has rows.
 */
export async function tabTo(page, target, most = MOST_STOPS) {
  const passed = []
  for (let stop = 0; stop < most; stop += 1) {
    await page.keyboard.press('Tab')
    const { name, shows } = await page.evaluate(focused)
    assert.ok(shows, `nothing shows that ${name} has the focus`)
    if (await target.evaluate((element) => element === document.activeElement)) return passed
    passed.push(name)
  }
  assert.fail(`not reached after ${passed.join(' → ')}`)
}

// In the page: what has the focus, and whether that can be seen.
function focused() {
  const element = document.activeElement
  const name = `<${element.tagName.toLowerCase()}> ${(element.getAttribute('aria-label') ?? element.innerText ?? element.name ?? '').trim()}`
  const outlined = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
  const box = element.getBoundingClientRect()
  const inView = box.width > 0 && box.bottom > 0 && box.top < innerHeight
  // A control too small or hidden to be outlined itself may light up the label it stands in.
  const shows = element !== document.body && inView && [element, element.closest('label')].some((one) => one && outlined(getComputedStyle(one)))
  return { name, shows }
}
