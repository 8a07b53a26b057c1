-- The generation of the data is session.queue_generation, because only session compares it. No program used this table.
DROP TABLE meta.generation;
