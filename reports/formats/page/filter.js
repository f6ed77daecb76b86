// The page is whole without this. It finds clauses, keeps what is looked for in the address, and lets the keyboard scroll what is wide.
const form = document.querySelector('form.filter');

/** What an address names, whoever wrote it: not all that stands in one is well encoded. */
function named(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

if (form) {
  const wordsOf = (clause) =>
    ['h4', 'h5', '.reason', '.danger', '.meta']
      .flatMap((part) => [...clause.querySelectorAll(part)])
      .map((element) => element.textContent)
      .join(' ');
  const clauses = [...document.querySelectorAll('article.clause')].map((element) => {
    const around = [element.closest('.promise')?.querySelector('h3'), element.closest('.part')?.querySelector('h4')];
    const text = [wordsOf(element), ...around.map((heading) => heading?.firstChild?.textContent ?? '')].join(' ');
    return { element, text: text.toLowerCase(), verdict: element.classList[1] };
  });
  const groups = [...document.querySelectorAll('.part, .promise')];
  const field = form.elements.find;
  const boxes = [...form.querySelectorAll('[name=verdict]')];
  const said = form.querySelector('output');
  const isShown = ({ element }) => !element.classList.contains('off');

  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = boxes.filter((box) => box.checked).map((box) => box.value);
    for (const { element, text, verdict } of clauses) {
      const isHit = words.every((word) => text.includes(word)) && (verdicts.length === 0 || verdicts.includes(verdict));
      element.classList.toggle('off', !isHit);
    }
    for (const group of groups) group.classList.toggle('off', !group.querySelector('.clause:not(.off)'));
    const hits = clauses.filter(isShown).length;
    said.value = hits === clauses.length ? `all ${hits} clauses` : `${hits} of ${clauses.length} clauses`;
  };

  const keep = () => {
    const wanted = new URLSearchParams();
    if (field.value.trim() !== '') wanted.set('find', field.value);
    for (const box of boxes) if (box.checked) wanted.append('verdict', box.value);
    const hash = String(wanted);
    history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#?${hash}`);
  };

  /** What the address says: what is looked for, or a place that has to be seen. */
  const obey = () => {
    if (location.hash.startsWith('#?')) {
      const wanted = new URLSearchParams(location.hash.slice(2));
      field.value = wanted.get('find') ?? '';
      for (const box of boxes) box.checked = wanted.getAll('verdict').includes(box.value);
      show();
      return;
    }
    const place = document.getElementById(named(location.hash.slice(1)));
    if (place?.closest('.off')) {
      form.reset();
      show();
      place.scrollIntoView();
    }
  };

  form.addEventListener('input', () => {
    show();
    keep();
  });
  // A search that is begun in the middle of the list is not to end below its last hit.
  form.addEventListener('input', () => {
    if (form.getBoundingClientRect().top <= 60)
      document.getElementById('clauses').scrollIntoView({ behavior: 'instant' });
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const first = clauses.find(isShown)?.element;
    first?.setAttribute('tabindex', '-1');
    first?.focus();
  });
  addEventListener('hashchange', obey);
  form.hidden = false;
  show();
  obey();
  if (location.hash.startsWith('#?')) document.getElementById('clauses').scrollIntoView();
}

const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute('tabindex', '0');
    else target.removeAttribute('tabindex');
  }
});
for (const element of document.querySelectorAll('.scroll')) wide.observe(element);
