use super::*;
use smtp_proto::request::receiver::RequestReceiver;

#[derive(Default)]
struct Rules {
    account: bool,
}

impl Judge for Rules {
    fn needs_account(&self) -> bool {
        self.account
    }

    fn admits(&self, user: &str, password: &str) -> bool {
        (user, password) == ("u", "p")
    }

    fn trouble(&self, to: &str) -> Option<Trouble> {
        let fault = match to {
            "nobody@x" => Fault::Refuse,
            "busy@x" => Fault::RateLimit,
            "lost@x" => Fault::DropAfterData,
            _ => return None,
        };
        Some(Trouble { fault, seconds: 1 })
    }

    fn refused(&self) {}
}

/// The code that each line is answered with; a line that takes data is followed by none.
fn play(session: &mut Session, lines: &[&str], rules: &Rules) -> Vec<String> {
    let answer = |line: &&str| {
        let line = format!("{line}\r\n");
        let mut receiver = RequestReceiver::default();
        let step = match receiver.ingest(&mut line.as_bytes().iter()) {
            Ok(request) => session.hear(request, rules),
            Err(error) => session.mishear(&error),
        };
        let text = match step {
            Step::Say(text) => text.into_owned(),
            Step::TakeData(text) | Step::Close(text) => text.to_owned(),
        };
        text.chars().take(3).collect()
    };
    lines.iter().map(answer).collect()
}

#[test]
fn a_mail_has_a_sender_recipients_and_data_in_this_order() {
    let mut session = Session::default();
    let said = play(
        &mut session,
        &[
            "EHLO me",
            "MAIL FROM:<a@x> SIZE=10 BODY=8BITMIME",
            "RCPT TO:<b@x>",
            "RCPT TO:<c@x>",
            "DATA",
        ],
        &Rules::default(),
    );
    assert_eq!(said, ["250", "250", "250", "250", "354"]);
    let envelope = session.finish();
    assert_eq!(
        (envelope.from.as_str(), envelope.to.as_slice()),
        ("a@x", &["b@x".to_owned(), "c@x".to_owned()][..])
    );
    let said = play(
        &mut session,
        &["DATA", "MAIL FROM:<>", "MAIL FROM:<a@x>", "RSET", "QUIT"],
        &Rules::default(),
    );
    assert_eq!(said, ["503", "250", "503", "250", "221"]);
}

#[test]
fn what_makes_no_sense_is_told_so_and_not_for_ever() {
    let mut session = Session::default();
    let lines = [
        "MAIL FROM:<a@x>",
        "RCPT TO:<b@x>",
        "HELLO",
        "MAIL a@x",
        "EHLO me",
        "MAIL FROM:<a@x> SIZE=9999999",
    ];
    assert_eq!(
        play(&mut session, &lines, &Rules::default()),
        ["503", "503", "500", "501", "250", "552"]
    );
    let said = play(&mut session, &["BLAH"; 20], &Rules::default());
    assert_eq!(said.iter().position(|code| code == "421"), Some(15), "{said:?}");
}

#[test]
fn recipients_are_refused_one_by_one() {
    let mut session = Session::default();
    let lines = [
        "HELO me",
        "MAIL FROM:<a@x>",
        "RCPT TO:<nobody@x>",
        "DATA",
        "RCPT TO:<busy@x>",
        "RCPT TO:<lost@x>",
        "DATA",
    ];
    assert_eq!(
        play(&mut session, &lines, &Rules::default()),
        ["250", "250", "550", "554", "450", "250", "354"]
    );
    let envelope = session.finish();
    assert_eq!(envelope.to, ["lost@x"]);
    assert_eq!(
        envelope.trouble.map(|trouble| trouble.fault),
        Some(Fault::DropAfterData)
    );
}

#[test]
fn who_has_to_say_who_he_is_does_it_first() {
    let rules = Rules { account: true };
    let auth = |text: &str| format!("AUTH PLAIN {}", BASE64_STANDARD.encode(text));
    let (wrong, right) = (auth("\0u\0x"), auth("\0u\0p"));
    let lines = [
        "EHLO me",
        "MAIL FROM:<a@x>",
        "AUTH LOGIN",
        &wrong,
        &right,
        "MAIL FROM:<a@x>",
    ];
    assert_eq!(
        play(&mut Session::default(), &lines, &rules),
        ["250", "530", "504", "535", "235", "250"]
    );
}

#[test]
fn there_are_not_too_many_recipients() {
    let mut session = Session::default();
    play(&mut session, &["EHLO me", "MAIL FROM:<a@x>"], &Rules::default());
    let said = play(&mut session, &["RCPT TO:<b@x>"; 101], &Rules::default());
    assert_eq!(said.last().map(String::as_str), Some("452"));
}
