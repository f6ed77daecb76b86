/** A share for people: 0.25 is 25 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
