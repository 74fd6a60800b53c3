// Before anything is painted: the theme that the reader chose last time. A classic script, because modules run later.
'use strict';

try {
  const chosen = localStorage.getItem('theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the system's theme it is.
}
