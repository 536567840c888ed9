FROM docker.io/library/python:3.11-slim
COPY ["source/","/shared/"]
WORKDIR /shared
RUN pip install -r requirements.txt
