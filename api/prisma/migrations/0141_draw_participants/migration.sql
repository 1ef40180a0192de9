-- The list that a draw was drawn from, frozen when it closed, in the order of the ids.
CREATE TABLE draw_participants (
  draw_id UUID NOT NULL,
  public_id TEXT COLLATE "C" NOT NULL,
  CONSTRAINT draw_participants_pkey PRIMARY KEY (draw_id, public_id)
);
ALTER TABLE draw_participants
  ADD CONSTRAINT draw_participants_draw_id_fkey FOREIGN KEY (draw_id) REFERENCES draws (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE TRIGGER draw_participants_append_only BEFORE UPDATE OR DELETE ON draw_participants FOR EACH ROW EXECUTE FUNCTION refuse_change();
