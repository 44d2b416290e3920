/** The program's only entry: reads the verb and hands over to it. The only place that calls `process.exit`. */
process.stderr.write('vigil: no verb is wired yet\n');
process.exit(2);
