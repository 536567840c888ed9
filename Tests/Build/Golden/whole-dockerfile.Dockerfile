# syntax=docker/dockerfile:1
FROM a AS b
FROM c
COPY --from=b /x /y