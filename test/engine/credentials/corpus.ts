/** A text in the place of a value, and the name of its setting. `kind`: where it stands. */
export interface Sample {
  readonly kind: 'env' | 'file';
  readonly name: string;
  readonly value: string;
}

/** All values are made up. `@@` is taken out, so that nothing here looks like a real token. */
const lines = (text: string): readonly string[] =>
  text
    .replaceAll('@@', '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
const settings = (text: string): readonly Sample[] =>
  lines(text).map((line) => {
    const at = line.indexOf('=');
    return { kind: 'env', name: line.slice(0, at), value: line.slice(at + 1) };
  });
const files = (name: string, text: string): readonly Sample[] =>
  lines(text).map((line) => ({ kind: 'file', name, value: `a: b\n${line}\n` }));

const secretNames = lines(`
  PASSWORD
  DB_PASSWORD
  POSTGRES_PASSWORD
  MYSQL_ROOT_PASSWORD
  MARIADB_PASSWORD
  MONGO_INITDB_ROOT_PASSWORD
  REDIS_PASSWORD
  RABBITMQ_DEFAULT_PASS
  SPRING_DATASOURCE_PASSWORD
  spring.datasource.password
  PGPASSWORD
  LDAP_BIND_PASSWORD
  SMTP_PASSWORD
  MAIL_PASS
  GRAFANA_ADMIN_PASSWORD
  GF_SECURITY_ADMIN_PASSWORD
  KEYCLOAK_ADMIN_PASSWORD
  ELASTIC_PASSWORD
  KIBANA_PASSWORD
  adminPassword
  rootPassword
  userPassword
  KEYSTORE_PASSWORD
  TRUSTSTORE_PASSWORD
  SSL_KEY_PASSPHRASE
  PASSPHRASE
  db-pwd
  DB_PWD
  DBPASSWORD
  MYSQLPASSWD
  db.pass
  DB_PASS
  dbpass
  WIFI_PSK
  CLIENT_SECRET
  OAUTH_CLIENT_SECRET
  clientSecret
  APP_SECRET
  SESSION_SECRET
  COOKIE_SECRET
  JWT_SECRET
  jwtSecret
  NEXTAUTH_SECRET
  WEBHOOK_SECRET
  SECRET
  SECRET_KEY
  DJANGO_SECRET_KEY
  SECRET_KEY_BASE
  AWS_SECRET_ACCESS_KEY
  S3_SECRET_KEY
  MINIO_SECRET_KEY
  MINIO_ROOT_PASSWORD
  ACCESS_TOKEN
  ACCESS_KEY
  AUTH_TOKEN
  authToken
  GITHUB_TOKEN
  GITLAB_TOKEN
  NPM_TOKEN
  SLACK_TOKEN
  SLACK_BOT_TOKEN
  VAULT_TOKEN
  CONSUL_HTTP_TOKEN
  SONAR_TOKEN
  REFRESH_TOKEN
  refreshToken
  BOT_TOKEN
  API_TOKEN
  apiToken
  TOKEN
  API_KEY
  apiKey
  APIKEY
  X_API_KEY
  DATADOG_API_KEY
  DD_APP_KEY
  SENDGRID_API_KEY
  MAPS_API_KEY
  STORAGE_ACCOUNT_KEY
  ENCRYPTION_KEY
  SIGNING_KEY
  signingKey
  MASTER_KEY
  MEILI_MASTER_KEY
  PRIVATE_KEY
  HMAC_KEY
  JWT_SIGNING_KEY
  AUTH_KEY
  APP_KEY
  COOKIE_KEY
  CREDENTIALS
  DB_CREDENTIALS
  BEARER
  PROXY_PASSWORD
  HTTP_BASIC_PASSWORD
  FTP_PASS
  SSH_PASSWORD
  TILL_PASSWORD_1
  PASSWORD_OLD
  ADMIN_PASSWORD_PROD
  TOKEN_VALUE
  SECRET_STRING
  backup.encryption.passphrase
  nexus-admin-password
  harborAdminPassword
  registryPassword
  ARGOCD_ADMIN_PASSWORD
  TWILIO_AUTH_TOKEN
  STRIPE_SECRET_KEY
  PAYPAL_CLIENT_SECRET
  AZURE_CLIENT_SECRET
  ARM_CLIENT_SECRET
  GOOGLE_CLIENT_SECRET
  BINDPW
  ROOT_PW
  MQTT_PASSWORD
  KAFKA_SASL_PASSWORD
  sasl.jaas.password
  TELEGRAM_BOT_TOKEN
  DISCORD_TOKEN
  OPENAI_API_KEY
  HF_TOKEN
  CLOUDFLARE_API_TOKEN
  TLS_KEY_PASSWORD
  CSRF_SECRET
  EXTERNAL_API_KEY
  VERIFY_TOKEN
  NEXT_AUTH_SECRET
`);
const passwords = [
  'C4shDr4wer',
  'hunter2',
  'S3cr3t!',
  'winter-2019',
  'tr0ub4dor&3',
  'r7WmB2xKq9LzT4cN',
  'letmein',
  '20931184',
  'p@ss:word',
  'zaq12wsx',
  'QWERTY!23',
  '$ecret-1',
  'changeme',
  'f00b4r/baz==',
];

const tokens = settings(`
  A=AK@@IAR7WMB2XKQ6LZT4CN
  A=AS@@IAR7WMB2XKQ6LZT4CN
  B=gh@@p_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9Lz
  B=gh@@s_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9Lz
  B=gh@@o_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9Lz
  B=github_@@pat_11CDE4F5G6h7i8j9k0lmno_pQ1rS2tU3vW4xY5zA6bC7dE8fG9hI0jK1lM2nO3pQ4rS5tU6vW7xY8zA9bC
  C=gl@@pat-r7WmB2xKq9LzT4cN8vJd
  C=gl@@dt-r7WmB2xKq9LzT4cN8vJd
  C=gl@@rt-r7WmB2xKq9LzT4cN8vJd
  D=xo@@xb-204918273645-204918273645-r7WmB2xKq9LzT4cN8vJdQ3yH
  D=xo@@xp-204918273645-204918273645-r7WmB2xKq9LzT4cN8vJdQ3yH
  D=https://hooks.sl@@ack.com/services/T02R7WMB2/B02KQ9LZT/r7WmB2xKq9LzT4cN8vJdQ3yH
  E=sk_@@live_r7WmB2xKq9LzT4cN8vJdQ3yH
  E=rk_@@live_r7WmB2xKq9LzT4cN8vJdQ3yH
  E=wh@@sec_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xK
  F=AI@@zaSyr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq
  F=GOC@@SPX-r7WmB2xKq9LzT4cN8vJdQ3yHr7Wm
  F=ya@@29.r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xK
  G=sk-@@proj-r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xK
  G=sk-@@ant-api03-r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xK
  G=sk-@@r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJd
  G=h@@f_rWmBxKqLzTcNvJdQyHrWmBxKqLzTcNvJdQ
  H=np@@m_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9Lz
  H=py@@pi-AgEIcHlwaS5vcmcCJr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xK
  H=dckr_@@pat_r7WmB2xKq9LzT4cN8vJdQ3yH
  H=rubygems_@@0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071
  I=do@@p_v1_0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9
  I=shp@@at_0a1b2c3d4e5f60718293a4b5c6d7e8f9
  I=S@@G.r7WmB2xKq9LzT4cN8vJdQ3.yHr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8v
  I=ke@@y-0a1b2c3d4e5f60718293a4b5c6d7e8f9
  I=S@@K0a1b2c3d4e5f60718293a4b5c6d7e8f9
  J=hv@@s.r7WmB2xKq9LzT4cN8vJdQ3yHr7
  J=r7WmB2xKq9LzT4.@@atlasv1.r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJ
  J=gl@@sa_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xK_0a1b2c3d
  J=NR@@AK-R7WMB2XKQ9LZT4CN8VJDQ3YHR7W
  J=da@@pi0a1b2c3d4e5f60718293a4b5c6d7e8f9
  J=pu@@l-0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d
  J=ts@@key-auth-kr7WmB2xKq9L-zT4cN8vJdQ3yHr7WmB2xKq9Lz
  J=lin_@@api_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN
  J=AGE-@@SECRET-KEY-1R7WMB2XKQ9LZT4CN8VJDQ3YHR7WMB2XKQ9LZT4CN8VJDQ3YHR7WM
  K=204918273:@@AAr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq
  K=ATA@@TT3xFfGF0r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN
  K=eyJ@@hbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0aWxsIn0.r7WmB2xKq9LzT4cN8vJd
  K=eyJ@@0eXAiOiJKV1QifQ.eyJzdWIiOiJ0aWxsIn0.r7WmB2xKq9LzT4cN8vJd
  K=Bearer r7WmB2xKq9LzT4cN8vJd
  K=Basic dGlsbDpDNHNoRHI0d2Vy
  K=-----BEGIN RSA PRIV@@ATE KEY-----
  K=-----BEGIN OPENSSH PRIV@@ATE KEY-----
  K=-----BEGIN PRIV@@ATE KEY-----\\nMIIE
  K=LS0t@@LS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb3dJQkFBS0NBUUVB
  K=r7W8@@Q~B2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9Lz
`);

const addresses = settings(`
  DATABASE_URL=postgres://till:C4shDr4wer@db/till
  DATABASE_URL=postgresql://till:C4shDr4wer@db.example.org:5432/till?sslmode=require
  DATABASE_URL=mysql://root:hunter2@mysql:3306/till
  MONGO_URL=mongodb://till:C4shDr4wer@m1,m2,m3/till?replicaSet=rs
  MONGODB_URI=mongodb+srv://till:C4shDr4wer@cluster0.example.org/till
  REDIS_URL=redis://:C4shDr4wer@cache:6379/0
  REDIS_URL=rediss://default:C4shDr4wer@cache:6379
  AMQP_URL=amqp://guest:guest@rabbitmq:5672
  BROKER=amqps://till:C4shDr4wer@mq/till
  HTTP_PROXY=http://till:C4shDr4wer@proxy.example.org:3128
  https_proxy=https://till:C4shDr4wer@proxy:3128
  GIT_REPO=https://till:C4shDr4wer@git.example.org/till.git
  ES=https://elastic:C4shDr4wer@es:9200
  SMTP=smtp://till:C4shDr4wer@mail.example.org:587
  FTP=ftp://till:C4shDr4wer@files.example.org/in
  LDAP=ldap://cn=till:C4shDr4wer@ldap
  NATS=nats://till:C4shDr4wer@nats:4222
  SENTRY=https://0a1b2c3d:4e5f6071@sentry.example.org/1
  JDBC=jdbc:mysql://till:C4shDr4wer@db/till
  JDBC=jdbc:postgresql://db/till?user=till&password=C4shDr4wer
  JDBC=jdbc:oracle:thin:till/C4shDr4wer@db:1521:till
  JDBC=jdbc:sqlserver://db:1433;databaseName=till;user=sa;password=C4shDr4wer
  ADO=Server=db;Database=till;User Id=till;Password=C4shDr4wer;
  ADO=Host=db;Username=till;Pwd=C4shDr4wer
  DSN=host=db user=till password=C4shDr4wer dbname=till
  AZURE=DefaultEndpointsProtocol=https;AccountName=till;Account@@Key=r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4==;
  BUS=Endpoint=sb://till.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccess@@Key=r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4c=
  SAS=https://till.blob.core.windows.net/c?sv=2022-11-02&si@@g=r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJd%3D
  CALLBACK=https://example.org/hook?token=r7WmB2xKq9LzT4cN
  CALLBACK=https://example.org/hook?a=b&api_key=r7WmB2xKq9LzT4cN
  JAVA_OPTS=-Xmx1g -Djavax.net.ssl.keyStorePassword=C4shDr4wer
  OPTS=--user=till --password=C4shDr4wer
  ARGS=password=C4shDr4wer,user=till
  CONNECTION=AccountEndpoint=https://till.documents.azure.com/;Account@@Key=r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJdQ3yH==
  SSH_KEY=r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xK
  SALT=0a1b2c3d4e5f60718293a4b5c6d7e8f9
  REDIS_AUTH=C4shDr4wer
  MYSQL_ROOT_PASSWORD=my-secret-pw
  SA_PASSWORD=Your_password123
  MINIO_ROOT_PASSWORD=minioadmin
  PASSWORD=password
  PASSWORD=postgres
  PASS_PHRASE=four sad swans
  DOCKER_CONFIG={"auths":{"registry.example.org":{"auth":"dGlsbDpDNHNoRHI0d2Vy"}}}
  CONFIG={"db": {"password": "C4shDr4wer"}}
  COOKIE=r7WmB2xKq9LzT4cN8vJdQ3yH
`);

const config = [
  ...files(
    'app.properties',
    `
    db.pass=C4shDr4wer
    password=hunter2
    spring.datasource.password=C4shDr4wer
    spring.mail.password = C4shDr4wer
    jwt.secret=r7WmB2xKq9LzT4cN8vJdQ3yH
    api.key=r7WmB2xKq9LzT4cN8vJdQ3yH
    spring.datasource.url=jdbc:mysql://till:C4shDr4wer@db/till
    security.user.password: C4shDr4wer
    export DB_PASSWORD=C4shDr4wer
    quarkus.datasource.password=C4shDr4wer
    `,
  ),
  ...files(
    'app.yaml',
    `
    password: C4shDr4wer
    password: "C4shDr4wer"  # change me
    adminPassword: 'C4shDr4wer'
    - token: r7WmB2xKq9LzT4cN
    client_secret: r7WmB2xKq9LzT4cN
    api_key: r7WmB2xKq9LzT4cN
    secret_key: r7WmB2xKq9LzT4cN
    bindpw: C4shDr4wer
    smtp_auth_password: C4shDr4wer
    slack_api_url: https://hooks.sl@@ack.com/services/T02R7WMB2/B02KQ9LZT/r7WmB2xKq9LzT4cN8vJdQ3yH
    bearer_token: r7WmB2xKq9LzT4cN
    url: postgres://till:C4shDr4wer@db/till
    client-key-data: LS0t@@LS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb3dJQkFBS0NBUUVB
    passwd: C4shDr4wer
    accessKey: r7WmB2xKq9LzT4cN
    encryptionKey: 0a1b2c3d4e5f60718293a4b5c6d7e8f9
    `,
  ),
  ...files(
    'app.json',
    `
    {"user": "till", "password": "C4shDr4wer"}
    {"apiKey": "abc"}
    {"auth": {"clientSecret": "r7WmB2xKq9LzT4cN"}}
    "token": "r7WmB2xKq9LzT4cN",
    "connectionString": "Server=db;User Id=till;Password=C4shDr4wer"
    "private_key": "-----BEGIN PRIV@@ATE KEY-----\\nMIIE",
    `,
  ),
  ...files(
    'run.sh',
    `
    export PGPASSWORD=C4shDr4wer
    PASSWORD="C4shDr4wer"
    mysql --password=C4shDr4wer till
    curl -H "Authorization: Bearer r7WmB2xKq9LzT4cN" https://example.org
    vault login token=r7WmB2xKq9LzT4cN
  `,
  ),
  ...files(
    'settings.py',
    `
    PASSWORD = "C4shDr4wer"
    SECRET_KEY = 'r7WmB2xKq9LzT4cN'
    DATABASE_URL = "postgres://till:C4shDr4wer@db/till"
    api_key: "r7WmB2xKq9LzT4cN"
  `,
  ),
  ...files(
    'server.xml',
    `
    <password>C4shDr4wer</password>
    <property name="password" value="C4shDr4wer"/>
    <apiKey>r7WmB2xKq9LzT4cN</apiKey>
  `,
  ),
  ...files(
    'init.sql',
    `
    CREATE USER till WITH PASSWORD 'C4shDr4wer';
    CREATE USER till IDENTIFIED BY 'C4shDr4wer';
    `,
  ),
  ...files(
    'redis.conf',
    `
    requirepass C4shDr4wer
    masterauth C4shDr4wer
  `,
  ),
  ...files('.netrc', 'machine git.example.org login till password C4shDr4wer'),
  ...files('.npmrc', '//registry.example.org/:_authToken=r7WmB2xKq9LzT4cN'),
];

/** Settings and files from which a reader learns something to log in with. */
export const credentials: readonly Sample[] = [
  ...secretNames.map((name, index): Sample => ({ kind: 'env', name, value: passwords[index % passwords.length] ?? '' })),
  ...secretNames
    .filter((name) => /pass|pwd/i.test(name))
    .map((name, index): Sample => ({
      kind: 'file',
      name: 'app.properties',
      value: `a=b\n${name}=${passwords[(index + 5) % passwords.length] ?? ''}\n`,
    })),
  ...tokens,
  ...addresses,
  ...config,
];

/** Settings about secrets, references, and other texts. */
export const harmless: readonly Sample[] = [
  ...settings(`
    DB_SECRET_NAME=till-db
    SECRET_NAME=till
    secretName=till-tls
    existingSecret=till-db
    imagePullSecret=regcred
    PASSWORD_FILE=/run/secrets/password
    POSTGRES_PASSWORD_FILE=/run/secrets/password
    passwordFile=password.txt
    TOKEN_FILE=token
    TOKEN_PATH=/var/run/secrets/token
    CREDENTIALS_FILE=credentials.json
    GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp/key.json
    AWS_SHARED_CREDENTIALS_FILE=/root/.aws/credentials
    AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/token
    TOKEN_TTL=3600
    TOKEN_EXPIRY=24h
    TOKEN_EXPIRATION_SECONDS=86400
    ACCESS_TOKEN_LIFETIME=15m
    REFRESH_TOKEN_EXPIRES_IN=7d
    JWT_EXPIRATION=3600
    JWT_EXPIRES_IN=1d
    JWT_ALGORITHM=ES256
    JWT_ALG=RS256
    JWT_ISSUER=https://login.example.org
    JWT_AUDIENCE=till
    JWT_HEADER=Authorization
    TOKEN_URL=https://login.example.org/token
    TOKEN_ENDPOINT=https://login.example.org/token
    OAUTH_TOKEN_URI=https://login.example.org/token
    TOKEN_TYPE=opaque
    TOKEN_HEADER=X-Token
    TOKEN_PREFIX=till
    TOKEN_CACHE_SIZE=1000
    TOKEN_ISSUER=till
    TOKENIZER_MODEL=gpt2
    TOKENIZER=bert-base-uncased
    TOKENIZERS_PARALLELISM=false
    MAX_TOKENS=4096
    max_new_tokens=256
    TOKENS_PER_MINUTE=10000
    TOKEN_LIMIT=8192
    TOKEN_BUCKET_RATE=50
    NUM_TOKENS=3
    PASSWORD_MIN_LENGTH=10
    MIN_PASSWORD_LENGTH=12
    PASSWORD_MAX_AGE=90
    PASSWORD_POLICY=strict
    passwordPolicy=strict
    PASSWORD_HISTORY=5
    PASSWORD_REQUIRED=true
    PASSWORD_RESET_ENABLED=true
    PASSWORD_RESET_TIMEOUT=3600
    PASSWORD_RESET_URL=https://example.org/reset
    PASSWORD_HASHER=argon2
    PASSWORD_ENCODER=bcrypt
    PASSWORD_HASH_ROUNDS=12
    PASSWORD_AUTH=yes
    PASSWORD_AUTHENTICATION=no
    PASSWORD_LOGIN=disabled
    DISABLE_PASSWORD_LOGIN=1
    USE_PASSWORD=yes
    ALLOW_EMPTY_PASSWORD=yes
    ENABLE_TOKEN=on
    SECRETS_STORE_ENABLED=yes
    SECRET_STORE=vault
    SECRETS_PROVIDER=aws
    SECRET_MANAGER=gcp
    SECRETS_BACKEND=kubernetes
    SECRET_ROTATION_INTERVAL=24h
    SECRET_NAMESPACE=till
    SECRET_MOUNT_PATH=/etc/till
    SECRET_VERSION=3
    SECRET_ID_TTL=10m
    SECRET_ARN=arn:aws:secretsmanager:eu-west-1:111122223333:secret:till
    DB_PASSWORD_ARN=arn:aws:ssm:eu-west-1:111122223333:parameter/till
    DB_SECRET=arn:aws:secretsmanager:eu-west-1:111122223333:secret:till
    EXTERNAL_SECRETS_REPLICAS=3
    EXTERNAL_SECRET_REFRESH=1h
    SEALED_SECRETS_CONTROLLER=sealed-secrets
    API_KEY_HEADER=X-API-Key
    API_KEY_NAME=till
    API_KEY_ID=till-1
    API_KEY_ENABLED=false
    ACCESS_KEY_ID=till
    KEY_ID=alias/till
    KMS_KEY_ID=arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d
    PUBLIC_KEY=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr7WmB2xKq9LzT4cN8vJd
    JWT_PUBLIC_KEY=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr7WmB2xKq9LzT4cN8vJd
    STRIPE_PUBLIC_KEY=pk_live_r7WmB2xKq9LzT4cN8vJdQ3yH
    SSH_PUBLIC_KEY=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIr7WmB2xKq9LzT4cN8vJd
    CACHE_KEY=till-v2
    PARTITION_KEY=customer
    SORT_KEY=created
    PRIMARY_KEY=id
    ROUTING_KEY=till.sold
    KEY=value
    KEY_PREFIX=till
    KEYSPACE=till
    KEYBOARD=qwertz
    LICENSE_KEY_FILE=/etc/license
    CREDENTIALS_PROVIDER=env
    CREDENTIAL_SOURCE=Environment
    CREDENTIALS_SECRET_NAME=till-db
    USERNAME=till
    DB_USER=till
    DB_HOST=db.example.org
    DB_NAME=till
    DB_PORT=5432
    LOG_LEVEL=debug
    BYPASS_TILL=on
    COMPASS=north
    PASSENGERS=4
    PASSIVE_MODE=true
    SURPASS=yes
    SECRETARY=till
    SECRETARIAT_EMAIL=office@example.org
    PWD=/app
    OLDPWD=/root
    REGION=ASIA
    AUTHOR=till
    AUTH_TYPE=basic
    AUTH_METHOD=token
    AUTH_MODE=password
    AUTH_URL=https://login.example.org
    AUTH_ENABLED=true
    AUTHORIZATION=none
    AUTHENTICATION_BACKENDS=ldap
    COOKIE_NAME=till
    COOKIE_SECURE=true
    SESSION_COOKIE=till_session
    SESSION_TIMEOUT=30m
    CSRF_TOKEN_HEADER=X-CSRF-Token
    CSRF_TOKEN_NAME=_csrf
    SALT_LENGTH=16
    BCRYPT_ROUNDS=12
    PIN_COUNT=4
    SPIN=3
    PINNED=true
    FINGERPRINT=SHA256:r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4c
    GIT_COMMIT=0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d
    IMAGE=registry.example.org/till@sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9
    CHECKSUM=0a1b2c3d4e5f60718293a4b5c6d7e8f9
    UUID=0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9
    CLIENT_ID=0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9
    TENANT_ID=0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9
    SESSION_KEY_NAME=till
    PASSWORD=
    PASSWORD=$(DB_PASSWORD)
    PASSWORD=\${DB_PASSWORD}
    PASSWORD=\${DB_PASSWORD:-}
    PASSWORD=$DB_PASSWORD
    PASSWORD={{ .Values.password }}
    PASSWORD=<password>
    PASSWORD=<your-password>
    PASSWORD=[REDACTED]
    PASSWORD=********
    PASSWORD=xxxxxxxx
    PASSWORD=%DB_PASSWORD%
    PASSWORD=@db.password@
    PASSWORD=__DB_PASSWORD__
    PASSWORD=#{DB_PASSWORD}
    PASSWORD=/run/secrets/db
    PASSWORD=file:///run/secrets/db
    PASSWORD=vault:secret/data/till#password
    PASSWORD=ref+vault://secret/till#/password
    PASSWORD=op://till/db/password
    PASSWORD=ENC[AES256_GCM,data:r7WmB2xK,iv:q9Lz,tag:T4cN,type:str]
    PASSWORD=AgAr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2
    PASSWORD=true
    PASSWORD=no
    PASSWORD=none
    PASSWORD=null
    PASSWORD=REPLACE_ME
    PASSWORD=your-password-here
    API_KEY=YOUR_API_KEY
    TOKEN=placeholder
    SECRET=TODO
    SECRET=projects/1/secrets/till/versions/latest
    TOKEN=env:TILL_TOKEN
    TOKEN=5
    ACCESS_KEY=AK@@IAIOSFODNN7EXAMPLE
    DATABASE_URL=postgres://till@db/till
    DATABASE_URL=postgres://till:$(DB_PASSWORD)@db/till
    DATABASE_URL=postgres://till:\${DB_PASSWORD}@db/till
    DATABASE_URL=postgres://user:<password>@db/till
    DATABASE_URL=postgres://USER:PASSWORD@HOST/DB
    DATABASE_URL=postgres://till:{{ .password }}@db/till
    CACHE_URL=redis://:$(CACHE_AUTH)@cache:6379
    CACHE_URL=redis://cache:6379/0
    MONGO_URL=mongodb://m1:27017,m2:27017/till
    PICTURE=http://img.example.org:8080/a@2x.png
    LINK=https://example.org/@till
    MAIL=mailto:till@example.org
    EMAIL=till@example.org
    SSH=git@git.example.org:till/till.git
    REPO=ssh://git@git.example.org:22/till.git
    JDBC=jdbc:mysql://db/till?useSSL=true
    JDBC=jdbc:postgresql://db:5432/till
    JDBC=jdbc:sqlserver://db:1433;databaseName=till;encrypt=true
    DSN=host=db user=till dbname=till sslmode=disable
    ADO=Server=db;Database=till;Integrated Security=true
    DSN=https://0a1b2c3d@sentry.example.org/1
    QUERY=https://example.org/?page=2&token_type=bearer
    JAVA_OPTS=-Xmx1g -Dspring.profiles.active=prod -Dpassword.policy=strict
    OPTS=--password-file=/run/secrets/db --token-ttl=3600
    OPTS=--password=$(DB_PASSWORD)
    HEADERS=Authorization: Bearer $(TOKEN)
    HEADERS=Authorization
    SCOPES=openid token profile
    GRANT_TYPE=password
    GRANT_TYPES=client_credentials
    RESPONSE_TYPE=token
    DESCRIPTION=The password is in the Secret till-db
    MESSAGE=Enter your password
    PASSWORD_PROMPT=Password:
    TITLE=Secrets of the till
    SKI=sk_
    SKU=SK-204918
    GHOST=ghp
    VERSION=1.2.3
    RELEASE=2024-11-29
    MODEL=sk-learn-1.4
    FONT=glyphicons-halflings-regular
    THEME=eyJ
    PATH=/usr/local/bin:/usr/bin
    NODE_OPTIONS=--max-old-space-size=4096
    HASH=0a1b2c3d4e5f60718293a4b5c6d7e8f9
    ETAG=W/r7WmB2xKq9LzT4cN
    ALIAS=keystore
    KEYSTORE_TYPE=PKCS12
    KEYSTORE_PATH=/etc/keystore.p12
    KEYSTORE_ALIAS=till
    SSL_KEY=/etc/tls/tls.key
    TLS_KEY_FILE=/etc/tls/tls.key
    ENCRYPTION_ENABLED=true
    ENCRYPTION_ALGORITHM=AES256
    ENCRYPTION_KEY_ROTATION=90d
    SIGNING_KEY_PATH=/etc/keys/signing.pem
    VAULT_ADDR=https://vault.example.org
    VAULT_ROLE=till
    VAULT_SECRET_PATH=secret/data/till
    LEADER_ELECTION_ID=token-controller
    DB_PASSWORD_SECRET=till-db
    CERT_SECRET=till-tls
    RECAPTCHA_SITE_KEY=6LcR7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT
    PASSWORD=$__file{/etc/secrets/db}
    ADMIN_PASSWORD=$2y$10$r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9LzT4cN8vJdQ3yHr7W
    SECRETS=till-db,till-tls
    PASSWORDLESS=true
    SHOW_PASSWORD=1
    TOKEN_SERVICE_PORT=tcp://10.0.0.1:80
    CONFIG={"db": {"passwordFile": "/run/secrets/db"}}
    PASSWORD=-
  `),
  ...files(
    'app.yaml',
    `
    passwordFile: /run/secrets/db
    password: \${DB_PASSWORD}
    password: $(DB_PASSWORD)
    password: ""
    token: ""  # from the environment
    # password: old
    secretName: till-db
    existingSecret: till-db
    passwordKey: password
    secretKeyRef:
    secrets: {}
    credentials:
    password: |
    password: !vault |
    password: *password
    token_url: https://login.example.org/token
    token: null
    tokenReview: true
    tokens: 100
    max_tokens: 100
    api_key_header: X-API-Key
    password_min_length: 10
    secret: {}
    secretStore: vault
    auth: {type: token}
    bearer_token_file: /var/run/secrets/token
    credentials_file: /etc/prometheus/token
    password_file: /etc/prometheus/password
    type: password
    name: DB_PASSWORD
    key: token
    grant_type: password
    description: The password of the till
    hosts: [postgres://till@db]
    url: http://till:8080
    `,
  ),
  ...files(
    'messages.properties',
    `
    password=Password
    login.password=Password:
    password.hint=At least ten characters
    password.forgot=Forgot your password?
    token.expired=The token has expired
    secret=Secret
    `,
  ),
  ...files(
    'schema.json',
    `
    {"password": {"type": "string"}}
    {"type": "password"}
    {"name": "token", "in": "header"}
    {"token": "string"}
    {"required": ["password"]}
    {"version": "1.0", "model": {"type": "BPE", "unk_token": "<unk>"}}
    {"eos_token": "</s>", "bos_token": "<s>", "pad_token": "[PAD]"}
    {"tokenizer_class": "LlamaTokenizer"}
    {"passwordPolicy": "strict"}
    `,
  ),
  ...files(
    'auth.py',
    `
    def long_enough(password):
    password = os.environ["DB_PASSWORD"]
    token = get_token()
    password = request.form.get("name")
    return len(password) > 9
    if password == stored:
    secret = settings.SECRET
    token: str = None
    self.password = password
    api_key = config.api_key
    `,
  ),
  ...files(
    'run.sh',
    `
    export PGPASSWORD=$DB_PASSWORD
    PASSWORD="$(cat /run/secrets/db)"
    TOKEN=$(cat /var/run/secrets/token)
    PASSWORD=$1
    mysql --password=$MYSQL_PASSWORD till
    curl -H "Authorization: Bearer $TOKEN" https://example.org
    if [ -z "$PASSWORD" ]; then
    echo "the password is not set"
    `,
  ),
  ...files('ca.crt', '-----BEGIN CERTIFICATE-----'),
  ...files('id.pub', '-----BEGIN PUBLIC KEY-----'),
  ...files('nginx.conf', 'proxy_set_header Authorization $http_authorization;'),
];
