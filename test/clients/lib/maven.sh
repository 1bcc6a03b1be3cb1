# maven.sh: have Maven put the jars that pom.xml names, and those that these need, into
# jars/, unless they are there; they must be those of jars.sha256.  The clients whose
# libraries Debian has not, or not so new, source it.
#
# -XX:-UsePerfData, here and where they start Java: else a directory stays in /tmp.
# shellcheck shell=sh
[ -d jars ] || MAVEN_OPTS="${MAVEN_OPTS-} -XX:-UsePerfData -Djava.io.tmpdir=$TMPDIR" \
	mvn -B -q -C -Dmaven.repo.local="$HOME/.m2/repository" \
	-Daether.connector.connectTimeout=10000 -Daether.connector.requestTimeout=60000 -Dmaven.wagon.http.retryHandler.count=1 \
	org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies \
	-DincludeScope=runtime -DoutputDirectory=jars >maven.log 2>&1 || {
	cat maven.log >&2
	grep -E '(Could not|Failure to) transfer' maven.log | grep -Evq 'status: |Checksum' || exit 1
	rm -rf jars
	printf "\nMaven Central is out of reach\n" >&2	# Maven leaves its last line open
	exit 75						# run.sh skips the client
}
(cd jars && sha256sum -- *.jar) | diff jars.sha256 - >&2 || exit 1
