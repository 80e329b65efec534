import type pg from 'pg'

/** Writes down every step of every lane, inside the database: also those between two looks of a test. */
export class LaneAudit {
  readonly #pool: pg.Pool
  readonly #schema: string

  constructor(pool: pg.Pool, schema: string) {
    this.#pool = pool
    this.#schema = schema
  }

  /** The table of lanes has to be there. */
  async begin(): Promise<void> {
    const schema = this.#schema
    await this.#pool.query(`
      CREATE TABLE ${schema}.lane_steps (
        number bigint GENERATED ALWAYS AS IDENTITY, build bigint, lane integer,
        owner_before text, owner text, epoch_before bigint, epoch bigint, position_before bigint, position bigint
      );
      CREATE FUNCTION ${schema}.note_step() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO ${schema}.lane_steps
            (build, lane, owner_before, owner, epoch_before, epoch, position_before, position)
          VALUES (NEW.build, NEW.lane, OLD.owner, NEW.owner, OLD.epoch, NEW.epoch, OLD.position, NEW.position);
          RETURN NEW;
        END $$;
      CREATE TRIGGER noted AFTER UPDATE ON ${schema}.read_model_lanes
        FOR EACH ROW EXECUTE FUNCTION ${schema}.note_step()`)
  }

  /** Steps that went back, or brought a lane to somebody who had not claimed it, or were made in a lane that nobody had. */
  async stolen(): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ step: string }>(`
      SELECT row_to_json(lane_steps)::text AS step FROM ${this.#schema}.lane_steps
      WHERE epoch NOT IN (epoch_before, epoch_before + 1)
        OR position < position_before
        OR (epoch = epoch_before AND owner IS NOT NULL AND owner IS DISTINCT FROM owner_before)
        OR (epoch = epoch_before AND position IS DISTINCT FROM position_before AND owner_before IS NULL)
      ORDER BY number`)
    return rows.map(({ step }) => step)
  }
}
