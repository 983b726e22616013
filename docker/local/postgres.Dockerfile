FROM debian:bookworm-slim
# No cluster of Debian's own: the entrypoint makes one in the volume.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-common \
 && sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/* \
 # A file system in memory that is mounted here takes over the mode, and belongs to root.
 && chmod 1777 /var/run/postgresql
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/15/docker
COPY postgres.sh /usr/local/bin/
USER postgres
# The server's own signal for "end sessions, write everything, stop".
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/usr/local/bin/postgres.sh"]
CMD ["postgres"]
