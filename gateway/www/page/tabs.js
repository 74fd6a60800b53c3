// Tabs as the ARIA Authoring Practices have them: arrow keys, Home and End go from tab to tab, Tab goes into the panel.

/** Makes `list` work; its tabs name their panels by `aria-controls`. */
export function wireTabs(list) {
  const tabs = [...list.querySelectorAll('[role=tab]')];
  const select = (chosen, focus) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute('aria-controls')).hidden = !isChosen;
    }
    if (focus) chosen.focus();
  };
  for (const tab of tabs) tab.addEventListener('click', () => select(tab, false));
  list.addEventListener('keydown', (event) => {
    const at = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    select(tabs.at(next % tabs.length), true);
  });
}
