FROM scratch
COPY ["source/","/shared/"]
WORKDIR /shared
