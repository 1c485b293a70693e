// What is wrong with the page at hand: each check returns a list of sentences, empty on a good page.
// pages.py runs them in the browser; test_page_gates.py gives each one a page with a defect to find.
({
  // Markup that reached the reader as it was typed: TeX, Markdown, MyST.
  rawMarkup(place = document.documentElement) {
    const raw = /\$|\\[a-zA-Z([]|\*\*\w[^*]*\*\*|```|:::|\{[\w:-]+\}`|\[\?\]/;
    const found = [];
    const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (raw.test(data) && !parentElement.closest("code, pre, script, style, noscript, .math, mjx-container, .katex, .cm-editor"))
        found.push(`raw markup in the text: ${data.trim().slice(0, 80)}`);
    }
    for (const name of ["alt", "title", "aria-label", "content"])
      for (const element of place.querySelectorAll(`[${name}]`))
        if (raw.test(element.getAttribute(name)))
          found.push(`raw markup in ${name}: ${element.getAttribute(name).slice(0, 80)}`);
    return found;
  },

  // Every formula is drawn, without an error, and has MathML for a screen reader.
  formulas() {
    const found = [];
    for (const math of document.querySelectorAll(".math")) {
      const drawn = math.querySelectorAll("mjx-container");
      const speech = math.querySelector("mjx-assistive-mml > math");
      const source = (speech ?? math).textContent.trim().slice(0, 80);
      if (drawn.length !== 1) found.push(`formula not drawn: ${source}`);
      else if (!speech) found.push(`formula without MathML: ${source}`);
      else if (math.querySelector("mjx-merror, merror, mtext[mathcolor=red]")) found.push(`formula in error: ${source}`);
    }
    const loose = document.querySelectorAll("mjx-container").length - document.querySelectorAll(".math mjx-container").length;
    if (loose) found.push(`${loose} formulas drawn where the book has none`);
    return found;
  },

  // Every picture loads, and has an alternative text of its own that says what is to be seen.
  async figures() {
    const found = [], seen = new Set();
    for (const image of document.querySelectorAll("main img")) {
      const alt = image.alt.trim();
      if (alt.split(/\s+/).length < 5) found.push(`alternative text under five words: "${alt}"`);
      if (/\.(svg|png|jpe?g|gif|webp)\b|^\S*[\\/_]\S*$/i.test(alt)) found.push(`a file name as alternative text: "${alt}"`);
      if (seen.has(alt)) found.push(`the same alternative text twice: "${alt}"`);
      seen.add(alt);
      await image.decode().catch(() => found.push(`picture does not load: ${image.src.slice(0, 80)}`));
    }
    return found;
  },

  // Formulas reach 4.5:1 against what is behind them. A style sheet draws their glyphs, which axe-core does not see.
  contrast() {
    const found = new Set();
    for (const formula of document.querySelectorAll("mjx-math, mjx-math .fwd, mjx-math .grad, mjx-math [style*=color]")) {
      const [ink, ground] = [this.channels(getComputedStyle(formula).color), this.ground(formula)];
      const contrast = this.ratio(ink, ground);
      if (contrast < 4.5) found.add(`a formula's contrast is ${contrast.toFixed(2)}: rgb(${ink}) on rgb(${ground})`);
    }
    return [...found];
  },

  // The contrast of two colours, as WCAG 2 defines it.
  ratio(...colors) {
    const linear = (c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    const [low, high] = colors.map((color) => color.slice(0, 3).map(linear))
      .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  },

  channels(color) {
    return color.match(/[\d.]+/g).map(Number);
  },

  // The colour behind an element: its own and its ancestors' backgrounds, one seen through the other.
  ground(element) {
    if (!element) return [255, 255, 255];
    const [r, g, b, alpha = 1] = this.channels(getComputedStyle(element).backgroundColor);
    const below = alpha < 1 ? this.ground(element.parentElement) : [0, 0, 0];
    return [r, g, b].map((c, k) => alpha * c + (1 - alpha) * below[k]);
  },

  // Nothing sticks out of the page, and nothing is cut off: what is too wide scrolls by itself, but not on paper.
  overflow() {
    const found = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} px wide in a window of ${clientWidth}`);
    const clips = matchMedia("print").matches ? /hidden|clip|auto|scroll/ : /hidden|clip/;
    for (const box of document.querySelectorAll("main :not(mjx-container *, .visually-hidden)"))
      if (box.scrollWidth > box.clientWidth + 1 && clips.test(getComputedStyle(box).overflowX))
        found.push(`cut off, ${box.scrollWidth} px in ${box.clientWidth}: <${box.localName} class="${box.className}"> ${box.textContent.trim().slice(0, 50)}`);
    return found;
  },

  // Light and dark follow the system.
  theme() {
    const scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return (r + g + b) / 3 < 128 === (scheme === "dark") ? [] : [`the background is rgb(${r}, ${g}, ${b}) in a ${scheme} system`];
  },

  // On paper all that is folded lies open, but for the field to paste into, which is of no use there.
  folded() {
    return [...document.querySelectorAll("details:not(.ask-paste)")].flatMap((details) =>
      [...details.children].filter((child) => child.tagName !== "SUMMARY" && !child.checkVisibility())
        .map((child) => `folded on paper: ${child.textContent.trim().slice(0, 80)}`));
  },

  // On paper there are no backgrounds: each text stands out from white, 4.5:1.
  faint() {
    const looks = new Map();
    for (const text of document.querySelectorAll("main :not(mjx-container, mjx-container *)"))
      if ([...text.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && /\w/.test(node.data)) && text.checkVisibility())
        looks.set(getComputedStyle(text).color, text.textContent.trim().slice(0, 50));
    return [...looks].map(([color, text]) => [this.ratio(this.channels(color), [255, 255, 255]), text])
      .filter(([contrast]) => contrast < 4.5)
      .map(([contrast, text]) => `faint on paper, ${contrast.toFixed(2)}:1: ${text}`);
  },

  // What announces another host without asking it for anything yet.
  otherHosts() {
    return [...document.querySelectorAll("link[rel~=preconnect], link[rel~=dns-prefetch]")].map((link) => `a hint to another host: ${link.href}`);
  },

  // What scrolls, but not by keyboard: axe-core knows of text alone, not of a drawn formula. One that fits its line is
  // no scroll container.
  unreached() {
    const unreached = [...document.querySelectorAll("pre, .math, .pst-scrollable-table-container")]
      .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.tabIndex < 0)
      .map((box) => `scrolls, but not by keyboard: ${box.textContent.trim().slice(0, 50)}`);
    const inline = [...document.querySelectorAll("span.math:not(.wide), span.math mjx-container")]
      .filter((box) => /auto|scroll/.test(getComputedStyle(box).overflow))
      .map((box) => `an inline formula is a scroll container: ${box.textContent.trim().slice(0, 50)}`);
    return [...unreached, ...inline];
  },

  // What axe-core finds in the page, or in one that it judges the same way in a sixth of the time: without the insides of
  // formulas, which it does not look into, and of texts that look alike only one judged for contrast, only one token in code.
  async accessibility(options) {
    const kept = [];
    const swap = (element, nodes) => (kept.push([element, [...element.childNodes]]), element.replaceChildren(...nodes));
    this.markLooks();
    for (const inside of document.querySelectorAll("mjx-math, mjx-assistive-mml")) swap(inside, []);
    for (const code of document.querySelectorAll("pre")) {
      const copy = code.cloneNode(true);
      for (const token of copy.querySelectorAll("span:not([data-look], :has(*))")) token.replaceWith(token.textContent);
      swap(code, copy.childNodes);
    }
    axe.configure({ rules: [{ id: "color-contrast", selector: "[data-look]" }] });
    const { passes, violations } = await axe.run(document, options);
    for (const [element, nodes] of kept) element.replaceChildren(...nodes);
    return { passes: passes.length, violations };
  },

  markLooks() {
    const looks = new Set();
    for (const text of document.querySelectorAll("body *")) {
      text.removeAttribute("data-look");
      if (![...text.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()) || !text.checkVisibility()) continue;
      const { color, fontSize, fontWeight, opacity } = getComputedStyle(text);
      const place = text.closest("header, nav, aside, main, footer, dialog, body").className;
      const look = [color, fontSize, fontWeight, opacity, this.ground(text), place].join();
      if (!looks.has(look)) text.setAttribute("data-look", "");
      looks.add(look);
    }
  },

  // A question's text, and what is to be typed or chosen in each of its fields.
  asked(box) {
    const spec = JSON.parse(box.dataset.ask), form = spec.kind === "choice" || ask.caseOf(spec);
    const prompt = (box.querySelector(".ask-prompt") ?? box.querySelector("legend")).innerText.trim();
    return [prompt, spec.kind === "choice" ? spec.options.map((_, k) => k === spec.right) : form.lines.map(form.answer)];
  },

  // Every question has labels; all but those done already are met with nothing and with the right answer.
  questions(done) {
    const found = [];
    for (const [k, box] of document.querySelectorAll("div.ask").entries()) {
      const form = box.querySelector("form"), said = box.querySelector("[role=status]");
      if (!form) { found.push(`a question without a form: ${box.innerText.slice(0, 60)}`); continue; }
      const [prompt, answers] = this.asked(box), fields = [...box.querySelectorAll("input")];
      if (!fields.every((field) => field.labels[0]?.innerText.trim())) found.push(`${prompt}: a field without a label`);
      if (done.includes(k)) continue;
      const met = (what, start) => {
        form.requestSubmit();
        if (!said.innerText.startsWith(start)) found.push(`${prompt}: ${what} is met with "${said.innerText}"`);
      };
      met("an empty answer", "Nothing is");
      fields.forEach((field, i) => {
        if (answers[i] === true) field.checked = true;
        else if (answers[i]) field.value = answers[i];
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
      met("the right answer", "Right.");
      [...box.querySelectorAll("button")].find((button) => button.innerText === "Clear").click();
      if (said.innerText) found.push(`${prompt}: cleared, it still says "${said.innerText}"`);
    }
    return found;
  },

  // What the page loaded, and how large it is when it is not compressed.
  sizes() {
    return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((entry) => entry.name.startsWith("http"))
      .map((entry) => [new URL(entry.name).pathname, entry.decodedBodySize]);
  },

  links() {
    return [...document.querySelectorAll("a[href]")].map((link) => link.href);
  },

  census() {
    const count = (selector) => document.querySelectorAll(selector).length;
    return { formulas: count(".math"), figures: count("main img"), explorers: count("figure.explorer"), questions: count("div.ask"), folds: count("details") };
  },
})
