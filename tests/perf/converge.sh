#!/bin/sh
# The same node by hand: what an administrator would write down who installs one machine once. It checks nothing, it
# cannot be run twice, and it knows nothing but this inventory. The yardstick for the first run of the site playbook.
#
# Runs as root in the home of the user who copied the image archives there. Before it stand the values of PROVIDER,
# PROVIDER_NAME, BROKER, ROOT_CERTIFICATE, TLS_AUTHORITY, TOKEN, KEY, SUBNET and IMAGE_BEAM_PROXY, IMAGE_FOCUS, IMAGE_MEDIATOR.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
: "$PROVIDER" "$PROVIDER_NAME" "$BROKER" "$ROOT_CERTIFICATE" "$TLS_AUTHORITY" "$TOKEN" "$KEY" "$SUBNET"
: "$IMAGE_BEAM_PROXY" "$IMAGE_FOCUS" "$IMAGE_MEDIATOR"
broker_host=${BROKER#https://}

# The system: packages, security updates, people, directories, updates by themselves, the clock.
apt-get -qy update
apt-get -qy install --no-install-recommends \
  ca-certificates curl dmidecode git python3-apt sudo systemd-timesyncd unattended-upgrades wget
apt-get -qy dist-upgrade
groupadd --system eucaim_basic
groupadd --system eucaim_admin
useradd --create-home --shell /bin/bash --comment 'Ada Admin' --groups eucaim_admin ada
useradd --create-home --shell /bin/bash --comment 'Bela Basic' --groups eucaim_basic bela
install -d -m 700 -o ada -g ada /home/ada/.ssh
printf '%s\n' "$KEY" | install -m 600 -o ada -g ada /dev/stdin /home/ada/.ssh/authorized_keys
install -d -m 755 -o ada -g ada /home/ada/software
install -d -m 755 -o bela -g bela /home/bela/software
install -d -m 755 /opt/eucaim /etc/eucaim /var/lib/eucaim
printf '%%eucaim_admin ALL=(ALL:ALL) ALL\n' > /etc/sudoers.d/eucaim_admin
chmod 440 /etc/sudoers.d/eucaim_admin
visudo -cf /etc/sudoers.d/eucaim_admin
cat > /etc/apt/apt.conf.d/60eucaim-updates << 'END'
APT::Periodic::Enable "1";
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
Unattended-Upgrade::Automatic-Reboot "false";
END
systemctl enable --now apt-daily.timer apt-daily-upgrade.timer
systemctl enable systemd-timesyncd.service

# The firewall: what comes in to the node, and that nothing new from outside gets to a container.
apt-get -qy install --no-install-recommends nftables ufw
ufw default deny incoming
ufw allow proto tcp to any port 22,80,443
install -d -m 755 /etc/nftables.d
cat > /etc/nftables.d/eucaim.nft << 'END'
table inet eucaim
delete table inet eucaim
table inet eucaim {
  chain forward {
    type filter hook forward priority filter - 5; policy accept;
    iifname "eth0" ct state new ct direction original drop
  }
}
END
cat > /etc/systemd/system/eucaim-firewall.service << 'END'
[Unit]
Description=What comes in to containers
Before=network-pre.target docker.service
Wants=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/nftables.d/eucaim.nft
[Install]
WantedBy=multi-user.target
END
systemctl enable --now eucaim-firewall.service
ufw --force enable

# The engine.
install -d -m 755 /etc/docker
cat > /etc/docker/daemon.json << 'END'
{
  "default-address-pools": [{"base": "172.24.0.0/14", "size": 24}],
  "live-restore": true,
  "log-driver": "json-file",
  "log-opts": {"max-file": "5", "max-size": "10m"}
}
END
apt-get -qy install --no-install-recommends apparmor docker.io docker-cli docker-compose docker-buildx
gpasswd --members ada docker
systemctl enable --now docker.service

# The link to the federation.
apt-get -qy install --no-install-recommends python3-cryptography python3-requests
config=/etc/eucaim/federation
project=/opt/eucaim/federation
install -d -m 755 $config $config/pki $config/tls-ca $project /var/lib/eucaim/federation
install -d -m 700 $config/secrets
umask 077
focus_key=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
probe_key=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
printf '%s' "$focus_key" > $config/secrets/focus_api_key
printf '%s' "$probe_key" > $config/secrets/probe_api_key
printf '%s' "$TOKEN" > $config/secrets/endpoint_auth_header
cat > $config/beam-proxy.env << END
APP_focus_KEY='$focus_key'
APP_probe_KEY='$probe_key'
BIND_ADDR='0.0.0.0:8081'
BROKER_URL='$BROKER'
PRIVKEY_FILE='/run/secrets/privkey.pem'
PROXY_ID='$PROVIDER.$broker_host'
ROOTCERT_FILE='/run/secrets/root.crt.pem'
TLS_CA_CERTIFICATES_DIR='/run/tls-ca'
END
cat > $config/focus.env << END
API_KEY='$focus_key'
AUTH_HEADER='$TOKEN'
BEAM_APP_ID_LONG='focus.$PROVIDER.$broker_host'
BEAM_PROXY_URL='http://beam-proxy:8081'
ENDPOINT_TYPE='omop'
ENDPOINT_URL='http://mediator:8089/'
PROVIDER='$PROVIDER_NAME'
RETRY_COUNT='128'
TLS_CA_CERTIFICATES_DIR='/run/tls-ca'
END
printf "MEDIATOR_AUTH_HEADER='%s'\n" "$TOKEN" > $config/mediator.env
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out $config/pki/priv.pem
openssl req -new -key $config/pki/priv.pem -subj "/CN=$PROVIDER.$broker_host" -out $config/pki/csr.pem
umask 022
printf '%s\n' "$ROOT_CERTIFICATE" > $config/pki/root.crt.pem
printf '%s\n' "$TLS_AUTHORITY" > $config/tls-ca/authority.pem
for archive in beam-proxy focus mediator; do
  docker load --quiet --input "$archive.tar"
  rm "$archive.tar"
done
docker network create --subnet "$SUBNET" eucaim-network
service() { # service NAME IMAGE VOLUME...
  cat << END
  $1:
    image: "$2"
    container_name: $1
    env_file: [$config/$1.env]
    restart: unless-stopped
    security_opt: [no-new-privileges:true]
    networks: [federation]
    logging: {driver: json-file, options: {max-size: 10m, max-file: "5"}}
    pull_policy: never
END
  shift 2
  [ $# = 0 ] || printf '    volumes:\n'
  [ $# = 0 ] || printf '      - %s:ro\n' "$@"
}
{
  printf 'name: eucaim-federation\nservices:\n'
  service beam-proxy "$IMAGE_BEAM_PROXY" $config/pki/priv.pem:/run/secrets/privkey.pem \
    $config/pki/root.crt.pem:/run/secrets/root.crt.pem $config/tls-ca:/run/tls-ca
  service focus "$IMAGE_FOCUS" $config/tls-ca:/run/tls-ca
  service mediator "$IMAGE_MEDIATOR"
  printf 'networks:\n  federation: {name: eucaim-network, external: true}\n'
} > $project/compose.yaml
cd $project
docker compose up --detach --pull never
# As the role does: wait until it is known how the proxy stands. Without a certificate it ends, and is started again.
while [ "$(docker inspect --format '{{.RestartCount}}' beam-proxy)" = 0 ]; do sleep 0.5; done
