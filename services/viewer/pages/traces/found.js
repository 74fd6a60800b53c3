// What a search answers, in numbers that can be compared.

export function readTraces({ traces }) {
  return (traces ?? []).map((found) => {
    const services = Object.entries(found.serviceStats ?? {});
    const sum = (member) => services.reduce((total, [, stats]) => total + (stats[member] ?? 0), 0);
    return {
      // Tempo leaves leading zeros out.
      id: found.traceID.padStart(32, '0'),
      service: found.rootServiceName,
      name: found.rootTraceName,
      start: BigInt(found.startTimeUnixNano),
      ms: found.durationNanos ? Number(found.durationNanos) / 1e6 : found.durationMs,
      services: services.map(([name]) => name),
      spans: sum('spanCount'),
      errors: sum('errorCount'),
    };
  });
}
