-- Rule Z7: whether a room's picture is said to be generated, of its own host, of a programme it has shown, or of the one it shows.
CREATE FUNCTION generated_picture(own BOOLEAN, shown BOOLEAN, of_programme BOOLEAN) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE
  AS $$ SELECT own OR shown OR coalesce(of_programme, false) $$;
