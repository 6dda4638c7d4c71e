/** Jobs on many tasks. */
export const BULK_TABLE = `
CREATE TABLE tss_bulk (
  created_at bigint NOT NULL,
  id text COLLATE "C" PRIMARY KEY,
  body text NOT NULL
) WITH (fillfactor = 50)`;
