"""Log lines: shipped, joined by the request's id, and without secrets."""

from tests.mutations import Mutation, replace

CONF = "deploy/logs/syslog-ng.conf"
FORMATTERS = "plinth/src/plinth/logs/formatters.py"
MASKING = "plinth/src/plinth/logs/masking.py"
QUERIES = "plinth/src/plinth/logs/queries.py"

MUTATIONS = [
    Mutation(
        64,
        "label-with-the-request-id",
        replace(
            CONF,
            '"level":"${.level}"}',
            '"level":"${.level}","id":"${.line.request_id}"}',
        ),
        "test_labels_have_few_values",
    ),
    Mutation(
        64,
        "full-buffer-drops",
        replace(CONF, "    flags(flow-control);\n", ""),
        "test_buffer_on_disk_is_bounded_and_stops_reading_when_it_is_full",
    ),
    Mutation(
        64,
        "containers-unnamed",
        replace(
            "deploy/compose/compose.yml",
            "      labels: com.docker.compose.service\n",
            "",
        ),
        "test_every_container_names_its_service_to_the_shipper",
    ),
    Mutation(
        64,
        "dockers-socket",
        replace(
            "deploy/compose/logs.yml",
            "      - ./textfile:/textfile\n",
            "      - ./textfile:/textfile\n"
            "      - /var/run/docker.sock:/var/run/docker.sock\n",
        ),
        "test_shipper_reads_files_alone",
    ),
    Mutation(
        64,
        "nginx-sends-no-id",
        replace(
            "deploy/nginx/proxy.conf",
            "proxy_set_header X-Request-ID $request_id;\n",
            "",
        ),
        "test_request_id_of_the_log_is_sent_to_the_application",
    ),
    Mutation(
        64,
        "task-without-the-id",
        replace(
            "plinth/src/plinth/tasks/app.py",
            'headers["request_id"] = request_id.get()',
            'headers["request_id"] = "-"',
        ),
        "test_task_is_enqueued_on_commit_with_the_request_id",
    ),
    Mutation(
        64,
        "comment-behind-the-query",
        replace(QUERIES, "/* request_id={name} */ {sql}", "{sql} /* {name} */"),
        "test_comment_names_the_request_to_the_database_server",
    ),
    Mutation(
        67,
        "any-id-in-the-comment",
        replace(QUERIES, 'r"[\\w-]{8,64}", name', 'r".{8,64}", name'),
        "test_query_has_no_other_comment",
    ),
    Mutation(
        67,
        "quoted-secrets-shown",
        replace(MASKING, "(?:(?<=[\\\"'])[^\\\"'\\\\\\n]+|", "(?:"),
        "test_no_secret_and_no_personal_data_of_a_journey_is_logged",
    ),
    Mutation(
        67,
        "query-strings-shown",
        replace(MASKING, '(("?",)', '(("never",)'),
        "test_no_secret_and_no_personal_data_of_a_journey_is_logged",
    ),
    Mutation(
        67,
        "line-masked-as-a-whole",
        replace(FORMATTERS, "json.dumps(masked(json.loads(line)))", "mask(line)"),
        "test_no_secret_and_no_personal_data_of_a_journey_is_logged",
    ),
    Mutation(
        67,
        "every-long-number-is-a-card",
        replace(MASKING, "% 10 == 0", "% 10 >= 0"),
        "test_harmless_text_is_not_masked",
    ),
]
