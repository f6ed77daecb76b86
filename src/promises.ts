/** The promises of the mesh, in the order in which every report tells them, with what each means to the person who relies on it. */
export const promises = [
  { id: 'tls', name: 'TLS 1.3', says: 'Every connection is mutual TLS 1.3, and plain text gets nowhere.' },
  { id: 'pinning', name: 'Identity pinning', says: 'A peer is let in by its exact SPIFFE ID, and by nothing less.' },
  { id: 'tokens', name: 'Join tokens', says: 'A join token admits one agent, once, before it expires.' },
  { id: 'rotation', name: 'Rotation', says: 'SVIDs and authorities are replaced while traffic goes on.' },
  {
    id: 'partition',
    name: 'Partition',
    says: 'The mesh rides out the loss of its control plane, within its bounds.',
  },
] as const;

/** A promise groups clauses for people, across the documents that they come from. */
export type MeshPromise = (typeof promises)[number]['id'];

export const promiseNames = Object.fromEntries(promises.map(({ id, name }) => [id, name])) as Readonly<
  Record<MeshPromise, string>
>;
