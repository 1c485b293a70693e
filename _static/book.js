// Accessibility: what the theme and Sphinx leave open (axe-core's rule in brackets).
addEventListener("DOMContentLoaded", () => {
  const each = (selector, change) => document.querySelectorAll(selector).forEach(change);
  each(".search-button-field, details.hide > summary", (e) => e.removeAttribute("aria-label")); // [label-content-name-mismatch]
  each(".citation-list, .citation-list [role], aside.footnote-list, aside.footnote", (e) => e.removeAttribute("role")); // [aria-allowed-role]
  each(".bd-sidebar-primary", (e) => { e.setAttribute("role", "region"); e.setAttribute("aria-label", "Book navigation"); }); // [region]
});

// Paper is light, also when a dark page is printed.
matchMedia("print").addEventListener("change", ({ matches: printed }) => {
  const { dataset } = document.documentElement;
  if (printed) dataset.onScreen = dataset.theme;
  dataset.theme = printed ? "light" : dataset.onScreen;
});

// From a folder, where pages cannot be fetched, the search lists its hits without extracts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// A browser may break the line between a formula and the comma after it, or the parenthesis before it: keep them together.
// The page has been read, and MathJax has not yet begun.
document.addEventListener("readystatechange", () => {
  if (document.readyState !== "interactive") return;
  for (const math of document.querySelectorAll("span.math")) {
    const { previousSibling: before, nextSibling: after } = math;
    const opening = before?.data?.match(/[(\[“"]+$/);
    const closing = after?.data?.match(/^[.,;:!?)\]”"’']+/);
    if (!opening && !closing) continue;
    const together = document.createElement("span");
    together.className = "unbroken";
    math.replaceWith(together);
    together.append(math);
    if (opening) together.prepend(before.splitText(opening.index));
    if (closing) (after.splitText(closing[0].length), together.append(after));
  }
});

// A formula or a table that is wider than its place scrolls, and can be reached by keyboard (the theme does so for code);
// one pixel is rounding.
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
  const boxes = [...document.querySelectorAll(".math, .pst-scrollable-table-container")];
  const reach = () => {
    boxes.forEach((box) => box.classList.remove("wide"));
    const wide = new Set(boxes.filter((box) => box.scrollWidth > box.clientWidth + 1));
    for (const box of boxes) {
      box.classList.toggle("wide", wide.has(box));
      wide.has(box) ? box.setAttribute("tabindex", 0) : box.removeAttribute("tabindex");
    }
  };
  let due; // its place becomes another with the window, with the sidebars, which move for a while, and with a fold
  const places = new ResizeObserver(() => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(reach);
  });
  document.querySelectorAll(".bd-article, .pst-scrollable-table-container, div.math").forEach((place) => places.observe(place));
});
