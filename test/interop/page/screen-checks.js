/** Runs in the page, after axe-core: what a machine can tell of what is shown. */
globalThis.screenChecks = {
  /** What sticks out to the right, where the page can be moved sideways. */
  tooWide() {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    );
    return wide.map((element) => `${element.tagName} ${element.getAttribute('class')}`);
  },

  /** The rule, the element that breaks it, and how. */
  async violations(tags) {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: { type: 'tag', values: tags },
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
    );
  },
};
