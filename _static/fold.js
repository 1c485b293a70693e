// A folded section opens when something leads to its heading, or to one of the words that a search marked inside it.
// (What leads to a place inside, the browser opens by itself; so do the lines below where it does not.)
const unfold = (place) => {
  const closed = [place.closest("section")?.querySelector(":scope > details.deeper")];
  for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) closed.push(fold);
  const shut = closed.filter((fold) => fold && !fold.open);
  for (const fold of shut) fold.open = true;
  return shut.length > 0;
};
const follow = () => {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (place && unfold(place)) place.scrollIntoView();
};
addEventListener("hashchange", follow);
addEventListener("DOMContentLoaded", () => {
  follow();
  setTimeout(() => document.querySelectorAll("main .highlighted").forEach(unfold), 20); // Sphinx marks them after 10 ms
});
// The same link once more changes no address.
addEventListener("click", ({ target }) => {
  const hash = target.closest?.("a[href]")?.hash;
  if (hash && hash === location.hash) setTimeout(follow);
});
