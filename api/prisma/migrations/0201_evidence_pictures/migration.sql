-- Pictures of after-sale cases are files too.
ALTER TABLE stored_files DROP CONSTRAINT stored_files_purpose,
  ADD CONSTRAINT stored_files_purpose CHECK (purpose IN ('photo', 'card', 'material', 'evidence'));
