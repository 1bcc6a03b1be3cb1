\set id 1 + :client_id % :rows
SELECT sold, version FROM stock WHERE id = :id \gset
\sleep 50 ms
UPDATE stock SET sold = :sold + 1, version = :version WHERE id = :id;
