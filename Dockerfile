# SPDX-License-Identifier: MIT
# patina as a container: docker build -t patina . && docker run --rm -v "$PWD:/data" patina --help
#
# Mount folders at /data, the working directory. The program runs as user 1000, the first user of most
# systems; for another: docker run --user "$(id -u):$(id -g)" ...

FROM debian:12-slim AS build
COPY script/setup /source/script/setup
RUN /source/script/setup && rm -rf /var/lib/apt/lists/*
COPY . /source
WORKDIR /source
RUN meson setup /build --prefix=/usr --buildtype=release -Db_ndebug=false -Dtests=false \
    -Dffmpeg=enabled \
    && ninja -C /build \
    && DESTDIR=/image meson install -C /build --no-rebuild --strip
# The packages of the libraries that the program links, derived from the binary.
RUN readelf -d /image/usr/bin/patina | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' \
    | while read -r library; do dpkg-query --search "*/$library" || exit 1; done \
    | sed 's/:.*//' | sort -u > /packages

FROM debian:12-slim
COPY --from=build /packages /packages
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends < /packages \
    && rm -rf /var/lib/apt/lists/* /packages \
    && useradd --uid 1000 --create-home patina \
    && mkdir /data && chown patina:patina /data
COPY --from=build /image/ /
RUN ldconfig && patina --version
USER patina
WORKDIR /data
ENTRYPOINT ["patina"]
CMD ["--help"]
