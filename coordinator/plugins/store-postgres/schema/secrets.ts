/** Values that tasks get in their environment, sealed before they come here. */
export const SECRETS = `
CREATE TABLE tss_secret (
  name text PRIMARY KEY,
  version integer NOT NULL,
  queues text[] NOT NULL,
  set_at bigint NOT NULL,
  set_by text NOT NULL,
  master_key_id text NOT NULL,
  wrapped bytea NOT NULL,
  sealed bytea NOT NULL
);
COMMENT ON TABLE tss_secret IS 'Newest version of each secret.';
COMMENT ON COLUMN tss_secret.queues IS 'Whose tasks may have it; empty: all.';
COMMENT ON COLUMN tss_secret.master_key_id IS 'Which key of TSS_MASTER_KEY wraps its own key.';
COMMENT ON COLUMN tss_secret.wrapped IS 'Its own key, AES-256-GCM with the master key: format byte, nonce, tag, ciphertext.';
COMMENT ON COLUMN tss_secret.sealed IS 'Its value, the same with its own key.';
`;
