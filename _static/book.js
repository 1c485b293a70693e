// Accessibility: what the theme and Sphinx leave open (axe-core's rule in brackets).
addEventListener("DOMContentLoaded", () => {
  const each = (selector, change) => document.querySelectorAll(selector).forEach(change);
  each(".search-button-field, details.hide > summary", (e) => e.removeAttribute("aria-label")); // [label-content-name-mismatch]
  each(".citation-list, .citation-list [role], aside.footnote-list, aside.footnote", (e) => e.removeAttribute("role")); // [aria-allowed-role]
  each(".bd-sidebar-primary", (e) => { e.setAttribute("role", "region"); e.setAttribute("aria-label", "Book navigation"); }); // [region]
});

// From a folder, where pages cannot be fetched, the search lists its hits without extracts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
