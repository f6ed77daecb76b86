/** How far an instant is away, in words: `in 12 min`, `3 days ago`. */
export function spanOf(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const [days, hours, minutes] = [86_400, 3_600, 60].map((one) => Math.floor(seconds / one)) as [
    number,
    number,
    number,
  ];
  const span =
    days >= 2 ? `${days} days` : hours >= 2 ? `${hours} hours` : minutes >= 2 ? `${minutes} min` : `${seconds} s`;
  return ms >= 0 ? `in ${span}` : `${span} ago`;
}
