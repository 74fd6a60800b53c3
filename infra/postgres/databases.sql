-- Run once by the image, on an empty volume, after it has made POSTGRES_DB (users). The services make their own tables.
CREATE DATABASE audit;
