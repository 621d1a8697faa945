// Adds what the theme lacks for keyboards and screen readers: a tab stop for each box that scrolls, and names.

function mend() {
  for (const box of document.querySelectorAll('.md-typeset__scrollwrap, .md-typeset pre > code')) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
  document.querySelector('.md-search')?.setAttribute('aria-label', 'Search');
  document.querySelectorAll('.md-code__nav').forEach((buttons, index) => buttons.setAttribute('aria-label', `Code ${index + 1}`));
}

mend();
addEventListener('resize', mend);
new MutationObserver(mend).observe(document.body, { childList: true, subtree: true }); // the theme adds the boxes later
