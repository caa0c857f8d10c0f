//! The thirty classes: what each is, which tests of the workspace prove what no conversation can show, and
//! what is out of reach.

use std::fmt;

/// A class of holes.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    /// From 1 to 30.
    pub number: u8,
    /// What it is.
    pub what: &'static str,
    /// Tests of the workspace, by crate.
    pub tests: &'static [(&'static str, &'static [&'static str])],
    /// What of it cannot be tested yet, and why.
    pub out_of_reach: &'static str,
}

const fn class(
    number: u8,
    what: &'static str,
    tests: &'static [(&'static str, &'static [&'static str])],
    out_of_reach: &'static str,
) -> Class {
    Class { number, what, tests, out_of_reach }
}

const NO_AUTHENTICATION: &str =
    "the stack does not check senders yet: there is no DKIM, SPF or DMARC";

/// All thirty.
pub const CLASSES: [Class; 30] = [
    class(
        1,
        "SMTP smuggling",
        &[(
            "smtp-proto",
            &[
                "v1_smuggling_at_every_split",
                "v1_every_line_end_around_the_dot",
                "v1_bare_line_ends_in_commands",
            ],
        )],
        "",
    ),
    class(
        2,
        "smuggling on the way out",
        &[
            ("probe", &["v2_nothing_leaves_that_could_be_taken_for_two"]),
            (
                "smtp-proto",
                &[
                    "v2_outbound_smuggling",
                    "v2_a_refused_body_has_no_end",
                    "v2_client_to_server_at_every_piece",
                ],
            ),
        ],
        "that DKIM signs the form that is sent: there is no DKIM",
    ),
    class(
        3,
        "BDAT",
        &[("smtp-proto", &["v3_bdat_is_not_followed_by_commands"])],
        "chunks that are taken: CHUNKING is not offered",
    ),
    class(4, "unauthorised pipelining", &[("smtp-proto", &["v4_unauthorised_pipelining"])], ""),
    class(
        5,
        "commands injected into STARTTLS",
        &[
            ("smtp-proto", &["v5_starttls_command_injection", "v5_starttls_forgets_the_client"]),
            ("pop3-proto", &["commands_behind_stls_are_refused"]),
            ("imap-proto", &["what_follows_starttls_in_the_clear_is_refused"]),
        ],
        "",
    ),
    class(
        6,
        "replies injected into STARTTLS",
        &[
            ("probe", &["v6_what_is_said_before_tls_is_not_heard_after_it"]),
            ("smtp-proto", &["v6_starttls_response_injection"]),
            ("pop3-proto", &["replies_behind_stls_are_refused"]),
            ("imap-proto", &["starttls_forgets_and_refuses_what_was_injected"]),
        ],
        "",
    ),
    class(
        7,
        "TLS stripped or bypassed",
        &[
            ("probe", &["v7_no_password_leaves_without_tls"]),
            ("smtp-proto", &["v7_capabilities_are_forgotten", "v7_stripping"]),
            (
                "imap-proto",
                &[
                    "preauth_in_the_clear_is_refused",
                    "no_password_without_tls_or_where_login_is_disabled",
                ],
            ),
            ("pop3-proto", &["tls_forgets_what_was_learnt_in_the_clear"]),
            ("posta-sasl", &["the_policy_never_shows_a_password_without_tls"]),
        ],
        "",
    ),
    class(
        8,
        "logins in the clear, states of AUTH",
        &[
            (
                "smtp-proto",
                &[
                    "v8_auth_in_the_clear",
                    "v8_auth_states",
                    "v8_auth_line_limit",
                    "v8_auth_guessing",
                ],
            ),
            (
                "posta-sasl",
                &[
                    "who_asks_to_act_as_another_fails_by_default",
                    "secrets_are_equal_by_octets_and_length",
                ],
            ),
        ],
        "",
    ),
    class(
        9,
        "memory before the login",
        &[
            ("probe", &["a_case_holds_little_memory"]),
            (
                "imap-proto",
                &["literals_are_refused_before_they_are_sent", "commands_have_a_longest"],
            ),
        ],
        "",
    ),
    class(
        10,
        "lines injected by stored data",
        &[
            ("probe", &["v10_no_argument_makes_a_second_line"]),
            ("smtp-proto", &["v10_command_injection", "v10_hostile_reply_texts"]),
            (
                "imap-proto",
                &["no_argument_smuggles_a_command", "nothing_smuggles_a_line_into_what_is_written"],
            ),
            ("pop3-proto", &["arguments_cannot_inject_commands"]),
            ("imf-message", &["v10_no_line_end_gets_into_a_header"]),
            ("mail-queue", &["a_message_cannot_pass_for_its_envelope"]),
        ],
        "",
    ),
    class(
        11,
        "commands run by a shell",
        &[],
        "pipes and files as targets of aliases: there are none, an alias leads to addresses only",
    ),
    class(
        12,
        "nested MIME",
        &[(
            "imf-message",
            &[
                "v12_nested_multiparts_stop_at_the_limit",
                "v12_nested_messages_stop_at_the_limit",
                "v12_a_million_empty_parts_stop_at_the_limit",
                "v12_many_boundary_parameters",
                "v12_lines_that_are_almost_delimiters",
                "v12_the_depth_is_the_callers_and_the_stack_is_not_used",
            ],
        )],
        "",
    ),
    class(
        13,
        "more than linear time",
        &[
            ("probe", &["v13_twice_the_input_is_twice_the_work"]),
            (
                "imf-message",
                &[
                    "v13_sections_of_rfc_2231",
                    "v13_a_hundred_thousand_addresses",
                    "v13_a_hundred_thousand_fields",
                    "v13_parts_of_a_digest_with_a_huge_header",
                    "v13_encoded_words_that_never_end",
                    "v13_identifiers_and_folding",
                ],
            ),
            ("imap-proto", &["patterns_take_no_more_time_than_their_length"]),
        ],
        "",
    ),
    class(
        14,
        "the stack used up",
        &[
            ("imf-message", &["v14_a_million_comments_opened"]),
            ("imap-proto", &["deep_nesting_is_refused", "nesting_bombs_are_refused"]),
        ],
        "",
    ),
    class(
        15,
        "names that lead out of a Maildir",
        &[
            ("maildir", &["no_folder_name_leads_outside", "a_link_is_no_folder"]),
            (
                "posta-core",
                &[
                    "nothing_outside_can_be_named",
                    "symbolic_links_are_not_listed",
                    "paths_stay_inside",
                ],
            ),
        ],
        "",
    ),
    class(16, "forged senders", &[], NO_AUTHENTICATION),
    class(17, "DKIM", &[], NO_AUTHENTICATION),
    class(18, "SPF", &[], NO_AUTHENTICATION),
    class(19, "DMARC", &[], NO_AUTHENTICATION),
    class(
        20,
        "loops and backscatter",
        &[
            (
                "journey",
                &[
                    "a_message_that_goes_in_circles_is_refused",
                    "the_sender_learns_of_every_failure",
                ],
            ),
            (
                "mda",
                &[
                    "there_is_an_end_to_everything",
                    "a_message_that_was_here_before_is_refused",
                    "the_owner_hears_of_bounces",
                ],
            ),
            ("mta", &["counts_whatever_the_cut"]),
        ],
        "automatic replies: there are none",
    ),
    class(
        21,
        "open relays",
        &[("journey", &["strangers_cannot_relay", "submission_wants_tls_and_a_login"])],
        "",
    ),
    class(
        22,
        "PROXY and XCLIENT",
        &[],
        "neither is spoken; that XCLIENT is refused is a case of V21",
    ),
    class(
        23,
        "slow clients",
        &[
            ("smtp-proto", &["timeouts", "replies_that_nobody_reads_stop_the_server"]),
            ("pop3-proto", &["autologout_is_silent", "a_client_that_never_reads_is_stopped"]),
            ("imap-proto", &["clients_that_say_nothing_are_let_go"]),
            (
                "posta-net",
                &[
                    "over_a_limit_a_client_is_sent_away_until_another_leaves",
                    "goes_on_after_it_ran_out_of_files",
                    "the_deadline_wakes_a_machine_that_waits_or_cannot_send",
                ],
            ),
        ],
        "",
    ),
    class(
        24,
        "damaged queue and index files",
        &[
            (
                "mail-queue",
                &[
                    "every_changed_octet_is_noticed",
                    "every_cut_is_noticed",
                    "a_damaged_state_falls_back_to_the_beginning",
                    "strange_files_are_left_alone",
                ],
            ),
            (
                "maildir",
                &[
                    "a_damaged_list_is_made_anew",
                    "a_list_cut_anywhere_gives_no_uid_twice",
                    "no_file_name_damages_the_list",
                ],
            ),
        ],
        "",
    ),
    class(
        25,
        "POP3 commands and bodies",
        &[
            (
                "pop3-proto",
                &[
                    "odd_commands_are_answered",
                    "retr_stuffs_dots_and_closes_the_last_line",
                    "top_counts_behind_the_blank_line_and_stuffs",
                    "without_quit_nothing_is_removed",
                    "in_use_is_told",
                    "apop_timestamps_are_checked",
                ],
            ),
            ("maa", &["without_quit_nothing_is_removed", "a_mailbox_belongs_to_one_session"]),
        ],
        "",
    ),
    class(
        26,
        "IMAP commands and states",
        &[
            (
                "imap-proto",
                &["expunges_wait_for_a_command_that_bears_them", "no_login_in_the_clear"],
            ),
            ("maa", &["two_sessions_see_what_each_other_does"]),
        ],
        "",
    ),
    class(
        27,
        "DNS",
        &[(
            "mx-resolve",
            &[
                "null_mx",
                "aliases_of_the_domain",
                "aliases_of_hosts",
                "own_host_is_cut_off",
                "own_addresses_and_names_may_be_written_in_any_form",
                "mail_does_not_go_where_the_policy_does_not_reach",
                "a_thousand_mx_records_cost_no_more_than_the_limits",
                "alias_circles_and_endless_chains_end",
                "malformed_messages_are_the_servers_fault",
                "forged_answers_are_ignored",
            ],
        )],
        "",
    ),
    class(28, "S/MIME and OpenPGP", &[], "there is neither"),
    class(
        29,
        "who is a user",
        &[(
            "posta-sasl",
            &[
                "an_unknown_user_gets_the_same_octets_as_a_bad_password",
                "a_stranger_costs_what_a_user_costs",
                "a_decoy_is_stable_and_differs_by_user_hash_and_key",
            ],
        )],
        "guesses at recipients are not slowed down",
    ),
    class(
        30,
        "secrets and control characters in logs",
        &[
            ("smtp-proto", &["v30_secrets_are_not_printed"]),
            ("imap-proto", &["secrets_are_not_shown"]),
            ("pop3-proto", &["errors_hide_secrets", "debug_shows_no_password"]),
            ("posta-sasl", &["debug_never_shows_a_secret"]),
            ("agent", &["secrets_are_hidden"]),
        ],
        "",
    ),
];

/// The tests and what is out of reach, as Markdown.
pub(crate) fn table(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "| class | | tests of the workspace | out of reach |\n|---|---|---|---|")?;
    for class in &CLASSES {
        let tests =
            class.tests.iter().map(|(krate, names)| format!("{krate}: `{}`", names.join("`, `")));
        let tests = tests.collect::<Vec<_>>().join("; ");
        let (number, what, out) = (class.number, class.what, class.out_of_reach);
        writeln!(f, "| V{number} | {what} | {tests} | {out} |")?;
    }
    Ok(())
}
