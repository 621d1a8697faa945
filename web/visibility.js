// Observes whether at least half of an element's pixels are in view, also in a frame of another site.

export function watchVisibility(element) {
  let isInView = false;
  const observer = new IntersectionObserver((entries) => {
    const { intersectionRatio, boundingClientRect: box } = entries.at(-1);
    isInView = intersectionRatio >= 0.5 && box.width * box.height > 0;
  }, { threshold: 0.5 });
  observer.observe(element);
  return { isHalfVisible: () => isInView && !document.hidden, stop: () => observer.disconnect() };
}
