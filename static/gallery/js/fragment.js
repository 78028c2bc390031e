// Asks the server for a piece of a page.

/** Return the HTML a form or an address answers with; throws when there is no usable answer. */
export async function fetchFragment(url, options = {}) {
  const answer = await fetch(url, {
    credentials: "same-origin",
    redirect: "error",
    // Going back must not find a piece where a page was.
    cache: "no-store",
    ...options,
    headers: { "X-Fragment": "1" },
  });
  if (!answer.ok && answer.status !== 422) throw new Error(`status ${answer.status}`);
  return answer.text();
}
