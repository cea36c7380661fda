#!/bin/sh
# Makes every file that gwctl.yaml names, and those of a client and of the
# orders service, in ./certs. For trying it out: the CA keys stay there, too.
set -eu
mkdir -p certs
cd certs

ca() { # name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "/CN=$1" -keyout "$1-key.pem" -out "$1.pem" 2>/dev/null
}
issue() { # name, CA, names in the certificate
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1-key.pem" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=%s\n' "$3" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2-key.pem" -CAcreateserial -days 7 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
}

ca servers  # signs what clients see
ca clients  # signs what clients show
ca services # signs what gwctl and the services show each other
issue server servers "DNS:localhost,IP:127.0.0.1"
issue client clients "DNS:client.internal"
issue orders services "DNS:orders.internal"
issue gwctl services "DNS:gwctl.internal"
openssl ecparam -name prime256v1 -genkey -noout -out assertion.pem
