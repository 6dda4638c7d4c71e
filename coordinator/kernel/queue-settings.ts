/** What operators have set for a queue beside its pause. */
export interface QueueSettings {
  /** Attempts that may run at a time; 0: no limit. */
  readonly limit: number;
}

/** @param config JSON of the queue's row; fields of a newer version are left alone. */
export function readQueueSettings(config: string): QueueSettings {
  const { limit } = fieldsOf(config);
  return { limit: typeof limit === "number" && Number.isSafeInteger(limit) && limit > 0 ? limit : 0 };
}

export function writeQueueSettings(config: string, settings: QueueSettings): string {
  return JSON.stringify({ ...fieldsOf(config), ...settings });
}

function fieldsOf(config: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(config);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
