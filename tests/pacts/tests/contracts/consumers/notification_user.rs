//! What `notification` expects of `user`: how to reach somebody, or that there is nobody.

use holdfast_notification::contacts::Contacts;
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::{HttpPartBuilder as _, InteractionBuilder};
use pact_consumer::{json_pattern, json_pattern_internal, like};

use crate::{PATIENCE, id};

#[tokio::test]
async fn somebody_can_be_reached() {
    let mut contract = Contract::between("notification", "user");
    let known = |mut interaction: InteractionBuilder| {
        interaction.given("somebody with a phone, who wants both");
        let path = format!("/v1/contacts/{}", id(0xd));
        interaction
            .request
            .get()
            .path_from_provider_state("/v1/contacts/${user}", path);
        let wishes = json_pattern!({"email": true, "sms": true});
        interaction.response.ok().json_body(json_pattern!({
            "email": like!("jo@example.org"), "name": like!("Jo"), "phone": like!("+4915112345678"), "notifications": wishes,
        }));
        interaction
    };
    contract.builder().interaction("how to reach somebody", "", known);
    let unknown = |mut interaction: InteractionBuilder| {
        interaction
            .request
            .get()
            .path(format!("/v1/contacts/{}", id(0xe)));
        interaction.response.not_found();
        interaction
    };
    contract.builder().interaction("how to reach nobody", "", unknown);
    contract
        .serve(async |base: &str| {
            let client = holdfast_platform::http::client(PATIENCE, None).expect("a client");
            let contacts = Contacts::new(client, base, PATIENCE);
            let card = contacts.of(id(0xd)).await.expect("an answer").expect("somebody");
            assert_eq!(
                (card.email.as_str(), card.name.as_str()),
                ("jo@example.org", "Jo")
            );
            assert_eq!(card.phone.as_deref(), Some("+4915112345678"));
            let wants = card.contact();
            assert!(wants.wants_email && wants.wants_sms);
            assert!(contacts.of(id(0xe)).await.expect("an answer").is_none());
        })
        .await;
}
