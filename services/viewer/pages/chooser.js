// The switch between the system's theme, light and dark; theme.js applies the choice on the next page.

export function followTheme(select) {
  select.value = document.documentElement.dataset.theme ?? '';
  select.addEventListener('change', () => {
    if (select.value) document.documentElement.dataset.theme = select.value;
    else delete document.documentElement.dataset.theme;
    remember(select.value);
  });
}

function remember(theme) {
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // Without storage the choice holds for this page.
  }
}
