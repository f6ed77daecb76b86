// The page is whole without this. With it, it follows what goes on, and adds notes without being loaded again.
const everyMs = 1_000;
// Longer than frontend waits for backend.
const withinMs = 5_000;
const byId = (id) => document.getElementById(id);
const shown = {};

/** Changes a part of the page only where it has changed, so that nobody's selection is lost for nothing. */
function show(id, html) {
  if (shown[id] === html) return;
  shown[id] = html;
  byId(id).innerHTML = html;
}

function say(trouble) {
  const place = byId('trouble');
  if (place.textContent !== trouble) place.textContent = trouble;
  place.hidden = trouble === '';
}

let addTrouble = '';

async function follow() {
  try {
    const answer = await fetch('/live', { signal: AbortSignal.timeout(withinMs) });
    if (!answer.ok) throw new Error(String(answer.status));
    const { notes, chain, trouble } = await answer.json();
    if (trouble === '') show('notes', notes);
    show('chain', chain);
    say(addTrouble || trouble);
    byId('stale').hidden = true;
  } catch {
    byId('stale').hidden = false;
  }
}

byId('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  try {
    const answer = await fetch(form.action, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams(new FormData(form)),
    });
    const { error = '' } = await answer.json();
    addTrouble = error;
    if (answer.ok) form.reset();
  } catch {
    addTrouble = 'Whether the note was kept is not known: frontend gives no answer.';
  }
  say(addTrouble);
  byId('text').focus();
  await follow();
});
byId('text').addEventListener('input', () => {
  addTrouble = '';
});

(async () => {
  for (;;) {
    await new Promise((later) => setTimeout(later, everyMs));
    if (!document.hidden) await follow();
  }
})();
