FROM docker.io/library/python:3.11-slim
COPY ["my source \"x\"/","/shared/"]
WORKDIR /shared
