import { expect } from 'chai';
import { commandHasCredential } from '../../../operator/engine/credentials/command-line.ts';
import { CredentialTest } from '../../../operator/engine/credentials/credential-test.ts';

const test = CredentialTest.for({ names: ['password'] });
const has = (...words: readonly string[]): boolean => commandHasCredential(words, test);

/** Lines with a password by position, and beginnings of words that make them harmless. */
const lines: readonly string[] = [
  'mysql -uroot -phunter2x',
  'mysqldump --all-databases -phunter2x',
  'mysqladmin ping -phunter2x',
  'mariadb -u root -phunter2x shop',
  'mysql -p"hunter2x"',
  'curl -u admin:hunter2x https://example.org',
  'curl -s --user admin:hunter2x https://example.org',
  'curl -s --user=admin:hunter2x https://example.org',
  "curl -s -u 'admin:hunter2x' https://example.org",
  'sshpass -p hunter2x ssh a@b',
  'sshpass -phunter2x ssh a@b',
  'redis-cli -h cache -a hunter2x ping',
  'redis-cli --pass hunter2x ping',
  'docker login -u a -p hunter2x registry.example.org',
  'helm registry login -u a -p hunter2x registry.example.org',
  'skopeo login -p hunter2x registry.example.org',
  'crane auth login -u a -p hunter2x registry.example.org',
  'sqlcmd -S db -U sa -P hunter2x',
  'sqlcmd -S db -U sa -Phunter2x',
  'openssl enc -aes-256-cbc -k hunter2x -in a',
  'htpasswd -bc file admin hunter2x',
  'htpasswd -nb admin hunter2x',
  'rabbitmqctl add_user admin hunter2x',
  'rabbitmqctl -q change_password admin hunter2x',
  'mc alias set store https://store access hunter2x',
  'mc config host add store https://store access hunter2x',
  'aws configure set aws_secret_access_key hunter2x',
  'aws configure set profile.ci.aws_secret_access_key hunter2x',
  'echo admin:hunter2x | chpasswd',
  'echo -n "admin:hunter2x" | sudo chpasswd',
];

describe('a password that a program gets by position', () => {
  for (const line of lines) {
    it(`is found in ${line}`, () => {
      expect(has('sh', '-c', line)).to.equal(true);
      expect(has(...line.split(' '))).to.equal(true);
    });

    it(`is none if ${line} reads a variable`, () => {
      for (const reference of ['$PASSWORD', '${PASSWORD}', '$(PASSWORD)'])
        expect(has('sh', '-c', line.replace('hunter2x', reference)), reference).to.equal(false);
    });
  }

  const harmless: readonly string[] = [
    'mysql -h db -P 3306',
    'mysql -p',
    'mysql -p$pw',
    'mysql --protocol=tcp',
    'cp -phunter2x a b',
    'curl -u admin https://example.org',
    'curl https://example.org/a:b',
    'sshpass -e ssh a@b',
    'redis-cli -h cache ping',
    'docker run -p 8080:80 web',
    'docker login -u a --password-stdin registry.example.org',
    'docker login registry.example.org; docker run -p 80:80 web',
    'openssl enc -aes-256-cbc -kfile key',
    'htpasswd -c file admin',
    'rabbitmqctl list_users',
    'mc alias list',
    'aws configure set region eu-west-1',
    'echo admin:hunter2x',
    'echo a | chpasswd',
  ];
  for (const line of harmless) it(`is none in ${line}`, () => expect(has('sh', '-c', line)).to.equal(false));

  it('is found in any call of the program', () => {
    expect(has('sh', '-c', 'docker login -u a -p $PW one.example.org && docker login -u a -p hunter2x two.example.org')).to.equal(true);
    expect(has('sh', '-c', 'mysql -phunter2x -e "select 1; select 2" -h db -p$PW')).to.equal(true);
    expect(has('sh', '-c', 'docker login --password-stdin one.example.org && cp -p hunter2x two')).to.equal(false);
  });

  // Each of these texts took an expression with two parts of any length seconds: it tried all pairs of places.
  const long = ['htpasswd -'.padEnd(300_000, 'b')];
  const repeated = ['docker login ', 'sqlcmd ', 'openssl enc ', 'mysql ', 'curl ', 'redis-cli ', 'rabbitmqctl -'];
  for (const line of [...long, ...repeated.map((word) => word.repeat(300_000 / word.length))])
    it(`is searched in ${line.slice(0, 12)} and so on`, () => expect(has('sh', '-c', line)).to.equal(false)).timeout(10_000);
});

describe('a password that an option names', () => {
  const found: readonly (readonly string[])[] = [
    ['app', '--password=hunter2x'],
    ['app', '-password=hunter2x'],
    ['app', '--db-password=hunter2x'],
    ['app', '--password', 'hunter2x'],
    ['app', '-password', 'hunter2x'],
    ['sh', '-c', 'app --password=hunter2x'],
    ['sh', '-c', 'app --password hunter2x'],
    ['sh', '-c', "app --password 'hunter2x'"],
    ['sh', '-c', 'app --password="hunter2x"'],
    ['kubectl', 'create', 'secret', 'generic', 'db', '--from-literal=password=hunter2x'],
    ['kubectl', 'create', 'secret', 'generic', 'db', '--from-literal', 'password=hunter2x'],
    ['helm', 'install', '--set', 'db.password=hunter2x'],
    ['app', 'postgres://admin:hunter2x@db/shop'],
  ];
  for (const words of found) it(`is found in ${words.join(' ')}`, () => expect(has(...words)).to.equal(true));

  const none: readonly (readonly string[])[] = [
    [],
    ['app', '--password'],
    ['app', '--password='],
    ['app', '--password', '--verbose'],
    ['app', '--password=$(DB_PASSWORD)'],
    ['app', '--password', '$DB_PASSWORD'],
    ['app', '--password-file=/run/secrets/password'],
    ['app', '--level', 'hunter2x'],
    ['app', 'password', 'hunter2x'],
    ['sh', '-c', 'app --password --verbose'],
    ['helm', 'install', '--set', 'db.name=hunter2x'],
  ];
  for (const words of none) it(`is none in '${words.join(' ')}'`, () => expect(has(...words)).to.equal(false));
});
