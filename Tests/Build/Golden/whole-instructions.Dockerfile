FROM localhost/base@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
COPY ["source/","/shared/"]
WORKDIR /shared
ENV A=1 B="two words"
RUN apt-get update \
 && apt-get install -y git \
 # a comment
 curl
RUN cat > /etc/motd <<'EOF'
FROM here on
$HOME
EOF
USER 1000:1000
ENTRYPOINT ["python", "-m", "app"]
RUN echo done
