/**
 * Every limit of the contract, in one table: the checks, the proto comments, OpenAPI and docs/limits.md follow it.
 * Sizes are bytes of UTF-8 unless the name says characters (Unicode code points); durations are milliseconds.
 */
export const LIMITS = {
  nameCharacters: 200,
  queueName: /^[a-z0-9][a-z0-9._-]{0,62}$/,
  environmentName: /^[A-Za-z_][A-Za-z0-9_]*$/,
  lockName: /^[a-z0-9][a-z0-9._-]{0,62}$/,
  priorityMin: -128,
  priorityMax: 127,
  commandBytes: 128 * 1024,
  argvItems: 256,
  argvBytes: 128 * 1024,
  typeCharacters: 200,
  payloadBytes: 256 * 1024,
  resultBytes: 256 * 1024,
  contentTypeBytes: 127,
  encodings: 8,
  envEntries: 128,
  envBytes: 64 * 1024,
  pathBytes: 4096,
  /** A login name or number, and a group after a colon. */
  userName: /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?(:[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?)?$/,
  umask: /^0?[0-7]{1,3}$/,
  delayMs: 10 * 365 * 86_400_000,
  expiresMs: 365 * 86_400_000,
  timeoutMs: 30 * 86_400_000,
  heartbeatTimeoutMinMs: 100,
  heartbeatTimeoutMaxMs: 86_400_000,
  retryLimit: 99,
  releaseLimit: 99,
  /** Of a task that names none. */
  releaseLimitDefault: 3,
  retryIntervalMs: 86_400_000,
  retryFactorMin: 1,
  retryFactorMax: 10,
  retryMaxIntervalMs: 7 * 86_400_000,
  nonRetryableExitCodes: 32,
  labels: 32,
  labelNameCharacters: 63,
  labelValueCharacters: 255,
  resources: 16,
  idempotencyKeyCharacters: 128,
  idempotencyTtlMinMs: 1_000,
  idempotencyTtlMaxMs: 7 * 86_400_000,
  idempotencyTtlDefaultMs: 86_400_000,
  requestIdCharacters: 64,
  fairnessKeyCharacters: 128,
  cancelGraceMs: 3_600_000,
  cancelGraceDefaultMs: 10_000,
  traceparentCharacters: 55,
  tasksPerMessage: 1_000,
  messageBytes: 4 * 1024 * 1024,
  /** Body of one HTTP request at the gateway. */
  requestBytes: 1024 * 1024,
  pageSize: 500,
  pageSizeDefault: 50,
  labelFilters: 8,
  /** Of one file of a list. */
  exportTasks: 100_000,
  /** Of each kind in one search, and what one of them may be long. */
  searchTerms: 8,
  searchCharacters: 500,
  waitMs: 600_000,
  waitDefaultMs: 60_000,
  leaseWaitMs: 50_000,
  progressMessageBytes: 4 * 1024,
  messagesPerAttempt: 100,
  errorTypeCharacters: 200,
  errorMessageBytes: 4 * 1024,
  logChunkBytes: 64 * 1024,
  slots: 10_000,
  lockTtlMinMs: 1_000,
  lockTtlMaxMs: 86_400_000,
  lockTtlDefaultMs: 30_000,
  lockPermits: 10_000,
  lockHolderCharacters: 200,
  /** Locks that a task may need. */
  taskLocks: 8,
  /** In the line of one lock. */
  lockWaiters: 10_000,
  /** Calls of one LockStream that are unanswered. */
  lockStreamCalls: 1_000,
  /** Holders and waiters of locks in the memory of one coordinator. */
  lockEntries: 100_000,
  pauseNoteBytes: 1024,
  /** Attempts of a queue at a time. */
  queueLimit: 1_000_000,
  apiKeyTtlMs: 366 * 86_400_000,
  apiKeyTtlDefaultMs: 90 * 86_400_000,
  joinTokenTtlMs: 3_600_000,
  joinTokenTtlDefaultMs: 15 * 60_000,
  /** Life of a key that joined, between two renewals. */
  joinedKeyTtlMinMs: 3_600_000,
  joinedKeyTtlMs: 90 * 86_400_000,
  joinedKeyTtlDefaultMs: 7 * 86_400_000,
  /** A client certificate that the coordinator makes for an agent. */
  joinedCertificateMs: 7 * 86_400_000,
  /** Refusals of one address in a minute, after which it has to wait. */
  joinRefusals: 10,
  publicKeyBytes: 1024,
  /** Usable keys of one installation; every coordinator holds them in memory. */
  apiKeys: 10_000,
  secretName: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/,
  /** Value of one secret, and the values of one task together. */
  secretBytes: 64 * 1024,
  /** Shorter values are not masked: they would be found in text that has nothing to do with them. */
  maskedCharacters: 6,
  /** Secrets that a task may name. */
  taskSecrets: 32,
  /** Secrets of one installation. */
  secrets: 1_000,
  /** Queues that one secret names. */
  secretQueues: 32,
  /** Points of a series. */
  seriesPoints: 500,
  seriesPointsDefault: 240,
  /** How far back numbers, failures and activity reach. */
  statsMs: 400 * 86_400_000,
  failureGroups: 500,
  failureGroupsDefault: 50,
  /** Tasks of one job on many. */
  bulkTasks: 1_000_000,
  bulkPerSecond: 10_000,
  bulkDelayMs: 60_000,
  /** Jobs that are prepared and not run, and jobs that run, at a time. */
  bulksPrepared: 20,
  bulksRunning: 10,
  /** Streams on one HTTP/2 connection. */
  streamsPerConnection: 1_000,
} as const;
