# SPDX-License-Identifier: MIT
"""report.py PAGE [SCREENSHOT_DIR] - checks a report in a browser

Loads the page from the disk and checks that nothing complains and nothing else is asked for, that
every sound can be played, that nothing sticks out at the width of a phone or a desk, and that text
and marks have enough contrast in light and dark. With SCREENSHOT_DIR, a folder, screenshots are
left there. Each check is a test; closes with "N passed, N failed, N skipped".
"""

import os
import sys

from browser import Browser, find_chromium

PAGE = sys.argv[1]
SCREENSHOT_DIR = sys.argv[2] if len(sys.argv) > 2 else None

# Contrast (WCAG 2.2) of every text element against its background.
CONTRAST_JS = """(() => {
  const parse = c => (c.match(/[0-9.]+/g) || []).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll('p,h1,h2,h3,h4,th,td,dt,dd,li,caption,summary,a,text,'
      + 'blockquote,pre,figcaption,footer,small,b')) {
    if (!e.textContent.trim() || e.closest('.hidden, .skip')) continue;
    const style = getComputedStyle(e);
    const ink = parse(e.tagName === 'text' ? style.fill : style.color);
    const a = light(ink), b = light(ground(e));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push([e.tagName, e.textContent.trim().slice(0, 40), contrast]);
  }
  return poor;
})()"""

PLAY_ALL_JS = """(async () => {
  const failed = [];
  for (const audio of document.querySelectorAll('audio')) {
    try {
      if (audio.readyState < 1)
        await new Promise((good, bad) => {
          audio.onloadedmetadata = good;
          audio.onerror = () => bad(new Error('cannot be loaded'));
          setTimeout(() => bad(new Error('no metadata in 20 s')), 20000);
        });
      if (!(audio.duration > 0.3 && audio.duration < 10.1))
        throw new Error('duration ' + audio.duration);
      await audio.play();
      audio.pause();
      if (audio.error) throw new Error(audio.error.message);
    } catch (e) { failed.push([audio.getAttribute('aria-label'), String(e)]); }
  }
  return [document.querySelectorAll('audio').length, failed];
})()"""

# Number of elements that the tab key reaches.
FOCUSABLE_JS = """(() => [...document.querySelectorAll('a[href],summary,audio,button,input,[tabindex="0"]')]
  .filter(e => e.checkVisibility()).length)()"""

# Smallest font size of chart text on the screen, in pixels.
FONT_SIZE_JS = """(() => Math.min(...[...document.querySelectorAll('svg text')].map(t =>
  parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width
    / t.ownerSVGElement.viewBox.baseVal.width)))()"""

# Text of a chart that crosses its edge or overlaps other text.
OVERLAPS_JS = """(() => {
  const found = [];
  for (const svg of document.querySelectorAll('svg.chart')) {
    const edge = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    boxes.forEach(([name, a], i) => {
      if (a.left < edge.left - 2 || a.right > edge.right + 2 || a.bottom > edge.bottom + 2)
        found.push([svg.querySelector('title').textContent, name, 'over the edge']);
      for (const [other, b] of boxes.slice(i + 1))
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3
            && b.top < a.bottom - 3)
          found.push([svg.querySelector('title').textContent, name, other]);
    });
  }
  return found;
})()"""

# Sorts the rows by purity, filters them, and enlarges a chart: [sorted, rows shown, all rows, wider].
USE_JS = """(() => {
  const table = document.getElementById('rows-table');
  const column = [...table.tHead.rows[0].cells].findIndex(c => c.dataset.name === 'purity');
  table.tHead.rows[0].cells[column].click();
  const values = [...table.tBodies[0].rows].map(r => parseFloat(r.cells[column].textContent.replace('\u2212', '-')));
  const filter = document.getElementById('rows-filter');
  const show = text => {
    filter.value = text;
    filter.dispatchEvent(new Event('input'));
    return [...table.tBodies[0].rows].filter(r => !r.hidden).length;
  };
  const shown = show('purity<20'), wanted = values.filter(v => v < 20).length, all = show('');
  const figure = document.querySelector('#targets figure'), width = figure.clientWidth;
  figure.querySelector('button').click();
  const wider = figure.clientWidth > width;
  figure.querySelector('button').click();
  return [values.every((v, i) => i === 0 || values[i - 1] <= v), shown === wanted, all === values.length, wider];
})()"""

counts = {"passed": 0, "failed": 0}


def check(name, good, what=""):
    counts["passed" if good else "failed"] += 1
    print(f"{'ok' if good else 'FAIL'} report.{name}" + ("" if good else f": {what}"))


def check_layout(browser, name, width, dark=False, media=""):
    browser.set_viewport(width, 900, dark, media)
    wide = browser.run("document.documentElement.scrollWidth")
    check(f"{name}_fits", wide <= width, f"{wide} pixels of {width}")
    poor = browser.run(CONTRAST_JS)
    check(f"{name}_can_be_read", not poor, poor[:5])
    letters = browser.run(FONT_SIZE_JS)
    check(f"{name}_letters", letters >= 8, f"{letters} pixels high")
    overlaps = browser.run(OVERLAPS_JS)
    check(f"{name}_labels", not overlaps, overlaps[:5])
    if SCREENSHOT_DIR:
        os.makedirs(SCREENSHOT_DIR, exist_ok=True)
        browser.screenshot(os.path.join(SCREENSHOT_DIR, name + ".png"))


def main():
    if not find_chromium():
        print("skip report: there is no chromium (script/setup --full installs it)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with Browser() as browser:
        browser.open(PAGE)
        n_sounds, failed = browser.run(PLAY_ALL_JS)
        check("sounds_play", n_sounds == 24 and not failed, (n_sounds, failed[:5]))
        pictures = browser.run("[...document.images].filter(i => i.naturalHeight !== 64).length")
        n_pictures = browser.run("document.images.length")
        check("pictures_show", n_pictures == 24 and pictures == 0, (n_pictures, pictures))
        reached = browser.run(FOCUSABLE_JS)
        check("keys_reach", reached >= 8 + 24 + 12, reached)
        browser.set_viewport(1200, 900)
        used = browser.run(USE_JS)
        check("rows_and_charts_respond", all(used), used)
        check_layout(browser, "desktop", 1200)
        check_layout(browser, "desktop_dark", 1200, dark=True)
        check_layout(browser, "phone", 390)
        check_layout(browser, "phone_dark", 390, dark=True)
        check_layout(browser, "paper", 760, media="print")
        hidden = browser.run("[...document.querySelectorAll('audio, nav')]"
                             ".filter(e => e.checkVisibility()).length")
        check("paper_has_no_players", hidden == 0, hidden)
        console_errors, asked = browser.console_errors(), browser.requests()
        check("no_complaints", not console_errors, console_errors[:5])
        check("asks_for_nothing", len(asked) == 1, asked[:5])
    print(f"{counts['passed']} passed, {counts['failed']} failed, 0 skipped")
    return 1 if counts["failed"] else 0


sys.exit(main())
