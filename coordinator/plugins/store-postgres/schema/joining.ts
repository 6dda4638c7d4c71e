/** Join tokens and keys that renew themselves. */
export const JOINING = `
ALTER TABLE tss_api_key ADD COLUMN renew_ms bigint NOT NULL DEFAULT 0, ADD COLUMN next_hash bytea,
  ADD COLUMN used_by text NOT NULL DEFAULT '';
COMMENT ON COLUMN tss_api_key.renew_ms IS 'How long the key lives from each renewal, of a token the key that is made with it; 0: it is never renewed.';
COMMENT ON COLUMN tss_api_key.next_hash IS 'Of the secret that is to take the place of the other; the key can be used with either.';
COMMENT ON COLUMN tss_api_key.used_by IS 'Of a join token that was used up: id of the key that was made with it.';
`;
