/** What is known of a time that a database which was set back from a backup does not know. */
export const DISTRUST = `
ALTER TABLE tss_meta ADD COLUMN foreign_epoch bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN tss_meta.foreign_epoch IS 'Highest epoch of a token that this database has not given out, 0 when none was seen.';
`;
